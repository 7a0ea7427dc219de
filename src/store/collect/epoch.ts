// Opening a collection: a new epoch, and the epoch before which nothing living has put or met anything (spec: store §3, §6.2).

import type { Transaction } from '../database/database.ts'
import type { Store } from '../store.ts'
import { buryLeases, findDeadLeases, removeLeaseFiles, removeStrayLeaseFiles } from '../write/leases.ts'
import { transactToFree } from './free-room.ts'
import { clearLeftovers } from './leftovers.ts'

/** A backup copies places, not rows: it holds `dead` back, and no row. */
const USES_BLOCKS = "kind <> 'backup'"

/**
 * Opens epoch G and returns T = min(G, E of every living operation and of those in grace): rows of T or later stay.
 * T holds for the whole collection, also for operations that end meanwhile. What dead processes left is cleared away.
 */
export async function openEpoch(store: Store, graceMs: number): Promise<number> {
  const { database, path } = store
  // Asked before the transaction: a lease never comes back to life, and one that is born after this counts as living.
  const dead = findDeadLeases(database, path)
  const threshold = await transactToFree(store, tx => {
    buryLeases(tx, dead)
    removeStrayLeaseFiles(tx, path)
    forgetFinished(tx, graceMs)
    tx.run("UPDATE meta SET value = value + 1 WHERE key = 'epoch'")
    const oldest = tx.get<{ epoch: number | null }>(
      `SELECT min(epoch) AS epoch FROM operations WHERE ${USES_BLOCKS}`,
    )?.epoch
    return Math.min(currentEpoch(tx), oldest ?? Number.MAX_SAFE_INTEGER)
  })
  removeLeaseFiles(path, dead)
  clearLeftovers(path)
  return threshold
}

/** What `openEpoch` would return now; changes nothing. */
export function foreseeEpoch(store: Store, graceMs: number): number {
  const { database, path } = store
  const dead = new Set(findDeadLeases(database, path))
  const since = Date.now() - graceMs
  const epochs = database
    .all<{ lease: number; epoch: number; finished: number | null }>(
      `SELECT lease, epoch, finished FROM operations WHERE ${USES_BLOCKS}`,
    )
    .filter(({ lease, finished }) => (finished === null ? !dead.has(lease) : finished > since))
    .map(({ epoch }) => epoch)
  return Math.min(currentEpoch(database) + 1, ...epochs)
}

const currentEpoch = (reader: Pick<Transaction, 'get'>): number =>
  reader.get<{ value: number }>("SELECT value FROM meta WHERE key = 'epoch'")?.value ?? 0

function forgetFinished(tx: Transaction, graceMs: number): void {
  const now = Date.now()
  // A clock that was set back must not stretch the grace to the day it comes round again.
  tx.run('UPDATE operations SET finished = ? WHERE finished > ?', now, now)
  tx.run('DELETE FROM operations WHERE finished <= ?', now - graceMs)
}
