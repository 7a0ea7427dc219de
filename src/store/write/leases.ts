// The lease of a writing process: alive is who holds its kernel lock, whatever clocks say (spec: store §3).

import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CairnError } from '../../errors.ts'
import type { Database, Transaction } from '../database/database.ts'
import { isLockHeld, type KernelLock, takeLock } from '../database/kernel-lock.ts'
import { leaseFile, repoPaths } from '../paths.ts'

export interface Lease {
  readonly id: number
  readonly lock: KernelLock
}

/** Inside the transaction that shows the row: nobody ever sees a lease whose lock is not held. */
export function openLease(tx: Transaction, path: string): Lease {
  const id = tx.insert('INSERT INTO leases (pid, started) VALUES (?, ?)', process.pid, Date.now())
  const lock = takeLock(leaseFile(path, id))
  if (lock === undefined) throw new CairnError('REPO_DAMAGED', `the lock of the new lease ${id} is held by somebody`)
  return { id, lock }
}

/** Gives up what the process owned; its finished operations stay, for `store.grace`. */
export async function closeLease(database: Database, path: string, { id, lock }: Lease): Promise<void> {
  await database.transact(tx => {
    tx.run('UPDATE packs SET owner = NULL WHERE owner = ?', id)
    forget(tx, id)
  })
  lock[Symbol.dispose]()
  rmSync(leaseFile(path, id), { force: true })
}

export const isLeaseAlive = (path: string, id: number): boolean => isLockHeld(leaseFile(path, id))

/** Leases whose processes have died. Ids are never used again, so the answer stays true. */
export function findDeadLeases(database: Database, path: string): number[] {
  return database
    .all<{ id: number }>('SELECT id FROM leases ORDER BY id LIMIT 10000')
    .map(({ id }) => id)
    .filter(id => !isLeaseAlive(path, id))
}

/** Seals their packs at what was committed: nobody appends there again (spec: store §4.3). */
export function buryLeases(tx: Transaction, dead: readonly number[]): void {
  for (const id of dead) {
    tx.run('UPDATE packs SET owner = NULL, sealed = 1 WHERE owner = ?', id)
    forget(tx, id)
  }
}

export function removeLeaseFiles(path: string, dead: readonly number[]): void {
  for (const id of dead) rmSync(leaseFile(path, id), { force: true })
}

/** Of processes that died just before their row was there or just after it went. Only inside a transaction: leases are opened in one. */
export function removeStrayLeaseFiles(tx: Transaction, path: string): void {
  const folder = repoPaths(path).leases
  const known = new Set(tx.all<{ id: number }>('SELECT id FROM leases').map(({ id }) => `${id}.lock`))
  for (const name of readdirSync(folder)) {
    if (/^\d+\.lock$/.test(name) && !known.has(name)) rmSync(join(folder, name), { force: true })
  }
}

function forget(tx: Transaction, id: number): void {
  tx.run('DELETE FROM operations WHERE lease = ? AND finished IS NULL', id)
  tx.run('DELETE FROM leases WHERE id = ?', id)
}
