// Files that nothing needs: orphans, half-written ones, leases of the dead, places that wait to be unlinked. Each goes under the mutex.

import { mkdirSync, rmSync, statSync } from 'node:fs'
import { workOffDead } from '../collect/dead.ts'
import { transactToFree } from '../collect/free-room.ts'
import { isOrphan, type StrayFile } from '../collect/orphans.ts'
import { leaseFile, repoPaths } from '../paths.ts'
import { buryLeases, isLeaseAlive, removeLeaseFiles } from '../write/leases.ts'
import { type CheckContext, done, notDone, type Outcome } from './check-context.ts'
import { holdCollection } from './repair-packs.ts'

export function removeOrphan({ store }: CheckContext, stray: StrayFile & { kind: 'orphan' }): Promise<Outcome> {
  return transactToFree(store, tx => {
    if (!isOrphan(tx, stray.mh)) return done('it belongs to a block now')
    rmSync(stray.file, { force: true })
    return done('removed')
  })
}

/** A lease never comes back to life. */
export function removeTemp({ path }: CheckContext, { file, lease }: StrayFile & { kind: 'temp' }): Outcome {
  if (isLeaseAlive(path, lease)) return notDone('its process lives')
  rmSync(file, { force: true })
  return done('removed')
}

export async function buryDead({ store, path }: CheckContext, lease: number): Promise<Outcome> {
  await transactToFree(store, tx => buryLeases(tx, [lease]))
  removeLeaseFiles(path, [lease])
  return done('its packs are sealed, its unfinished operations are over')
}

/** A lease is opened inside a transaction: under the mutex a file without a row is nobody's. */
export function removeLeaseFile({ store, path }: CheckContext, id: number): Promise<Outcome> {
  return transactToFree(store, tx => {
    if (isWanted(tx, path, id)) return notDone('its process lives')
    rmSync(leaseFile(path, id), { force: true })
    return done('removed')
  })
}

const isWanted = (tx: { get(sql: string, id: number): unknown }, path: string, id: number): boolean =>
  tx.get('SELECT 1 FROM leases WHERE id = ?', id) !== undefined || isLeaseAlive(path, id)

export async function emptyDead({ store, path, signal }: CheckContext): Promise<Outcome> {
  using _ = holdCollection(path)
  await workOffDead(store, { signal })
  const left = store.database.get<{ n: number }>('SELECT count(*) AS n FROM dead')?.n ?? 0
  return left === 0 ? done('unlinked') : notDone(`${left} still wait: a backup holds them, or they are in use`)
}

/** The folders of a repository, by their names in it; undefined for what is there. */
export function missingFolders(path: string): string[] {
  const { packs, blocks, leases, quarantine, backups } = repoPaths(path)
  return [packs, blocks, leases, quarantine, backups].filter(
    folder => statSync(folder, { throwIfNoEntry: false }) === undefined,
  )
}

export function makeFolder(folder: string): Outcome {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return done('made anew')
}
