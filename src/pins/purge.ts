// Purging: blocks go, and their bytes from the disk at once, as a takedown needs it (spec: store §6.6).

import type { CID } from 'multiformats/cid'
import { isIdentity } from '../block/cid.ts'
import type { Wait } from '../block/source.ts'
import { CairnError } from '../errors.ts'
import type { Logger } from '../observe/log.ts'
import { compactPacks, type SealedPack } from '../store/collect/compact.ts'
import { workOffDead } from '../store/collect/dead.ts'
import { transactToFree } from '../store/collect/free-room.ts'
import { findBackups } from '../store/collect/hold.ts'
import { countPlaces } from '../store/collect/pack-census.ts'
import type { RemoveOptions, Store } from '../store/store.ts'
import { runTask } from '../store/write/run-task.ts'
import { holdGcLock } from './gc.ts'
import { removeUnkept } from './remove-block.ts'

export interface PurgeOptions extends Wait {
  readonly log: Logger
  /** Also what a root keeps: that root is damaged then. */
  readonly force?: boolean
}

/** Resolves with those that were here. FORBIDDEN for what a root keeps (without `force`), and while a backup copies. */
export async function purgeBlocks(store: Store, cids: readonly CID[], options: PurgeOptions): Promise<CID[]> {
  using _ = holdGcLock(store)
  const [backup] = findBackups(store.database, store.path)
  if (backup !== undefined)
    throw new CairnError('FORBIDDEN', `a backup by process ${backup.pid} needs every file as it is`, {
      hint: 'purge again when it has ended',
    })
  const { connection } = store.database
  const gone: CID[] = []
  const packs = new Set<number>()
  // What is deleted inline is overwritten, and does not lie about in free pages.
  connection.exec('PRAGMA secure_delete = ON')
  try {
    for (const cid of cids) {
      if (isIdentity(cid)) continue
      const remove = (which: CID, { seen }: RemoveOptions) => removeHere(store, which, seen, packs)
      const removed = await (options.force === true ? remove(cid, options) : removeUnkept(store, cid, options, remove))
      if (removed === true) gone.push(cid)
      // From memory too.
      if (removed === true) await store.remove(cid, options)
    }
    await rewrite(store, packs, options)
  } finally {
    connection.exec('PRAGMA secure_delete = OFF')
  }
  // The log of the database still has the pages as they were.
  connection.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()
  return gone
}

/** In a transaction of this handle: the one that commits for others deletes without overwriting. */
async function removeHere(
  store: Store,
  cid: CID,
  seen: RemoveOptions['seen'],
  packs: Set<number>,
): Promise<boolean | 'changed'> {
  const mh = cid.multihash.bytes
  const { row, outcome } = await transactToFree(store, tx => ({
    row: tx.get<{ pack: number }>('SELECT pack FROM blocks WHERE mh = ?', mh),
    outcome: runTask({ tx, path: store.path, lease: () => 0 }, { type: 'remove', mh, seen }),
  }))
  if ('error' in outcome) throw outcome.error
  if (row !== undefined && row.pack > 0) packs.add(row.pack)
  return outcome.value as boolean | 'changed'
}

/** Whoever appends to these packs goes on in others; what lives in them moves. */
async function rewrite(store: Store, ids: ReadonlySet<number>, { signal, log }: PurgeOptions): Promise<void> {
  if (ids.size > 0) {
    await transactToFree(store, tx => {
      for (const id of ids) tx.run('UPDATE packs SET sealed = 1, owner = NULL WHERE id = ?', id)
    })
    const places = await countPlaces(store, signal)
    const packs = [...ids].flatMap((id): SealedPack[] => {
      const pack = store.database.get<{ committed: number }>('SELECT committed FROM packs WHERE id = ?', id)
      return pack === undefined ? [] : [{ id, committed: pack.committed, rows: places.get(id)?.rows ?? 0 }]
    })
    await compactPacks(store, packs, { signal, log })
  }
  await workOffDead(store, { signal })
  for (const id of ids) {
    if (store.database.get('SELECT 1 FROM packs WHERE id = ?', id) === undefined) continue
    throw new CairnError('REPO_DAMAGED', `pack ${id} could not be rewritten: a block in it is damaged`, {
      hint: 'run `cairn repo check --read-data --repair`, then purge again',
    })
  }
}
