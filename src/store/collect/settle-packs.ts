// After a sweep: packs without rows go to `dead`; those that are mostly dead or small are sealed, to be compacted (spec: store §6.5, §6.6).

import { statSync } from 'node:fs'
import { MiB } from '../../units.ts'
import type { Transaction } from '../database/database.ts'
import { packFile } from '../paths.ts'
import type { Store } from '../store.ts'
import type { SealedPack } from './compact.ts'
import { countPlaces } from './pack-census.ts'
import { type GcWait, transactGently } from './throttle.ts'

export interface SettleOptions extends GcWait {
  /** Packs of which less than this share lives are compacted. */
  readonly compactBelow: number
}

interface PackRow extends Omit<SealedPack, 'rows'> {
  readonly sealed: number
  readonly owner: number | null
}

/** Sealed ones below this are what dead processes left of their packs: they are merged. */
const SMALL_BYTES = 16 * MiB
/** Below this, what is dead in the pack of a living process is not worth its trouble. */
const OWNED_BYTES = 4 * MiB
const OWNED_BELOW = 0.5

/**
 * Resolves with what is to be compacted. A pack that a living process appends to is taken from it if most of it is dead:
 * that process finds out in its next transaction, and writes elsewhere what it has appended since.
 */
export async function settlePacks(store: Store, { compactBelow, ...wait }: SettleOptions): Promise<SealedPack[]> {
  const packs = store.database.all<PackRow>('SELECT id, committed, sealed, owner FROM packs ORDER BY id')
  const listed = new Set(store.database.all<{ pack: number }>('SELECT pack FROM dead').map(({ pack }) => pack))
  const settling = packs.filter(({ id, committed, sealed }) => !listed.has(id) && (committed > 0 || sealed === 1))
  if (settling.length === 0) return []
  const places = await countPlaces(store, wait.signal, wait.throttle)
  const isEmpty = ({ id }: PackRow) => !places.has(id)
  const isWorthMoving = (pack: PackRow) =>
    (places.get(pack.id)?.liveBytes ?? 0) < heldBytes(store.path, pack) * compactBelow ||
    (pack.sealed === 1 && pack.committed < SMALL_BYTES)
  const isWorthTaking = ({ id, committed }: PackRow) =>
    committed >= OWNED_BYTES && (places.get(id)?.liveBytes ?? 0) < committed * Math.min(compactBelow, OWNED_BELOW)
  const chosen = settling.filter(pack =>
    pack.owner === null ? isEmpty(pack) || isWorthMoving(pack) : isWorthTaking(pack),
  )
  // Sealed before anything is concluded from the count: nobody can adopt it now, so no rows come to it any more.
  const sealed = await transactGently(store, wait, tx => chosen.filter(pack => seal(tx, pack)))
  // What was released and taken up again since the count does not count as empty.
  const again = chosen.some(pack => pack.sealed === 0) ? await countPlaces(store, wait.signal, wait.throttle) : places
  const empty = sealed.filter(({ id }) => !again.has(id))
  if (empty.length > 0) await transactGently(store, wait, tx => bury(tx, empty))
  return sealed.flatMap(({ id, committed }) => {
    const content = again.get(id)
    return content === undefined ? [] : [{ id, committed, rows: content.rows }]
  })
}

/** A writer that was killed leaves what it had appended and not committed: up to three groups, which no row tells of. */
function heldBytes(path: string, { id, committed }: PackRow): number {
  return Math.max(committed, statSync(packFile(path, id), { throwIfNoEntry: false })?.size ?? 0)
}

/** False if somebody else has it now. What its owner has committed since belongs to it, up to here. */
const seal = (tx: Transaction, { id, owner }: PackRow): boolean =>
  tx.run('UPDATE packs SET sealed = 1, owner = NULL WHERE id = ? AND owner IS ?', id, owner) === 1

function bury(tx: Transaction, packs: readonly PackRow[]): void {
  for (const { id, committed } of packs)
    tx.run('INSERT INTO dead (pack, size) SELECT id, ? FROM packs WHERE id = ?', committed, id)
}
