// The pack files against their rows: each there, as long as what was committed, and none that nobody knows.

import { readdirSync, statSync } from 'node:fs'
import { formatSize } from '../../units.ts'
import { packFile, repoPaths } from '../paths.ts'
import { isLeaseAlive } from '../write/leases.ts'
import { type CheckContext, type CheckEvents, errorFound, noted } from './check-context.ts'

interface PackRow {
  readonly id: number
  readonly owner: number | null
  readonly committed: number
  readonly sealed: number
}

const SELECT_PACK = 'SELECT id, owner, committed, sealed FROM packs'

export async function* checkPackFiles(context: CheckContext): CheckEvents {
  const { store, path, pace } = context
  const { database } = store
  // Files first: a pack that is made meanwhile has a row before it has a file.
  const files = readdirSync(repoPaths(path).packs)
  for (const pack of database.all<PackRow>(`${SELECT_PACK} ORDER BY id`)) {
    await pace()
    yield* checkPack(context, pack)
  }
  for (const name of files) {
    await pace()
    const id = Number(/^(\d+)\.pack$/.exec(name)?.[1] ?? Number.NaN)
    if (Number.isNaN(id)) yield noted('unknown-file', `packs/${name} is nothing that Cairn makes`)
    else if (isOrphan(context, id)) yield errorFound('orphan-pack', `packs/${name} belongs to no pack of the index`)
  }
}

/** What is unlinked in this moment is no orphan. */
const isOrphan = ({ store, path }: CheckContext, id: number): boolean =>
  store.database.get('SELECT 1 FROM packs WHERE id = ?', id) === undefined &&
  statSync(packFile(path, id), { throwIfNoEntry: false }) !== undefined

function* checkPack({ store, path }: CheckContext, pack: PackRow) {
  const { id } = pack
  const size = statSync(packFile(path, id), { throwIfNoEntry: false })?.size
  const now = store.database.get<PackRow>(`${SELECT_PACK} WHERE id = ?`, id)
  const isDead = store.database.get('SELECT 1 FROM dead WHERE pack = ?', id) !== undefined
  if (now === undefined || isDead) return
  // It may have grown since, never shrunk.
  const { committed } = pack
  if (size === undefined && committed > 0) yield errorFound('missing-pack', `pack ${id} has no file`)
  if (size !== undefined && size < committed)
    yield errorFound('short-pack', `pack ${id} has ${size} of the ${committed} bytes that were committed to it`)
  const isOwned = now.owner !== null
  const isAlive = now.owner !== null && isLeaseAlive(path, now.owner)
  if (isOwned && !isAlive) yield noted('unsealed-pack', `pack ${id} belongs to a process that has died`)
  if (!isAlive && size !== undefined && size > now.committed)
    yield noted('pack-tail', `pack ${id} has ${formatSize(size - now.committed)} behind its committed end`)
}
