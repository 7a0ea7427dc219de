// Holding `dead` back: while a backup copies packs and files by an older index, none of them is unlinked (spec: store §6.6).

import type { Transaction } from '../database/database.ts'
import type { Store } from '../store.ts'
import { isLeaseAlive } from '../write/leases.ts'

export interface BackupHolder {
  readonly pid: number
  /** When it began, in ms. */
  readonly since: number
}

/** Until the result is disposed, or this process ends, every pack and file that a row points at now stays where it is. */
export async function holdDead(store: Store): Promise<AsyncDisposable> {
  const operation = await store.begin('backup')
  return { [Symbol.asyncDispose]: () => operation.abort() }
}

/** To be asked in the transaction that unlinks: a hold that began before it is seen, one that begins after it finds nothing to copy. */
export function findBackups(reader: Pick<Transaction, 'all'>, path: string): BackupHolder[] {
  return reader
    .all<BackupHolder & { lease: number }>(
      `SELECT l.id AS lease, l.pid, o.started AS since FROM operations o JOIN leases l ON l.id = o.lease
       WHERE o.kind = 'backup' AND o.finished IS NULL`,
    )
    .filter(({ lease }) => isLeaseAlive(path, lease))
    .map(({ pid, since }) => ({ pid, since }))
}
