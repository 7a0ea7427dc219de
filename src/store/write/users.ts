// Who may rely on a block by having met it: living operations that began when its row was as it is, or before.

import { CairnError } from '../../errors.ts'
import type { Transaction } from '../database/database.ts'
import { isLeaseAlive } from './leases.ts'

/** FORBIDDEN while an operation lives that may have met a block of this epoch and relies on it. */
export function checkUnused(reader: Pick<Transaction, 'all'>, path: string, epoch: number): void {
  const users = reader.all<{ lease: number; pid: number }>(
    `SELECT l.id AS lease, l.pid FROM operations o JOIN leases l ON l.id = o.lease
     WHERE o.finished IS NULL AND o.epoch <= ? AND o.kind <> 'backup'`,
    epoch,
  )
  const user = users.find(({ lease }) => isLeaseAlive(path, lease))
  if (user === undefined) return
  throw new CairnError('FORBIDDEN', `the block may be in use by an operation of process ${user.pid}`, {
    hint: 'try again when that has ended',
  })
}
