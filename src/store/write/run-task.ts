// Tasks inside a group's transaction: each is all or nothing by itself, so that one that fails costs the others nothing.

import { CairnError } from '../../errors.ts'
import type { Transaction } from '../database/database.ts'
import { isDiskFailure, isFull } from '../database/sqlite-error.ts'
import type { Statement } from '../store.ts'
import { Books, type PlacedBlock } from './books.ts'
import type { TaskOutcome } from './commit-message.ts'
import { readEpoch } from './place.ts'
import type { Task, TaskResults } from './task.ts'
import { checkUnused } from './users.ts'

export interface TaskContext {
  readonly tx: Transaction
  readonly path: string
  /** The lease of this process; taken by the first task that needs one. */
  readonly lease: () => number
}

export function runTask(context: TaskContext, task: Task): TaskOutcome {
  const { tx } = context
  tx.run('SAVEPOINT task')
  try {
    const value = run(context, task)
    tx.run('RELEASE task')
    return { value }
  } catch (error) {
    // SQLite may have ended the whole transaction by itself.
    if (isDiskFailure(error) || isFull(error)) throw error
    tx.run('ROLLBACK TO task')
    tx.run('RELEASE task')
    return { error }
  }
}

function run(context: TaskContext, task: Task): TaskResults[Task['type']] {
  switch (task.type) {
    case 'begin':
      return begin(context, task.kind)
    case 'finish':
      return finish(context, task.operation, task.statements)
    case 'abort':
      context.tx.run('DELETE FROM operations WHERE id = ?', task.operation)
      return undefined
    case 'write':
      return task.statements.map(statement => execute(context.tx, statement))
    case 'remove':
      return remove(context, task)
  }
}

/** In an epoch of its own: what was garbage before it began is not held back by it, for hours perhaps. */
function begin({ tx, lease }: TaskContext, kind: string): TaskResults['begin'] {
  tx.run("UPDATE meta SET value = value + 1 WHERE key = 'epoch'")
  const epoch = readEpoch(tx)
  const sql = 'INSERT INTO operations (lease, kind, epoch, started) VALUES (?, ?, ?, ?)'
  return { operation: tx.insert(sql, lease(), kind, epoch, Date.now()), epoch }
}

function finish({ tx, lease }: TaskContext, operation: number, statements: readonly Statement[]): undefined {
  const stands = tx.get(
    'SELECT 1 FROM operations JOIN leases ON leases.id = operations.lease WHERE operations.id = ? AND lease = ? AND finished IS NULL',
    operation,
    lease(),
  )
  if (stands === undefined)
    throw new CairnError('REPO_DAMAGED', 'the lease of this process was taken away while it wrote')
  for (const statement of statements) execute(tx, statement)
  // What left a root is kept by it; what left none is in use for `store.grace` (spec: store §3).
  if (statements.length > 0) tx.run('DELETE FROM operations WHERE id = ?', operation)
  else tx.run('UPDATE operations SET finished = ? WHERE id = ?', Date.now(), operation)
  return undefined
}

function execute(tx: Transaction, { sql, params, expect }: Statement): number {
  const changes = tx.run(sql, ...params)
  if (expect !== undefined && changes !== expect.changes)
    throw new CairnError(expect.otherwise.code, expect.otherwise.message)
  return changes
}

/** FORBIDDEN while an operation lives that may rely on the block; `changed` if it or the roots are not as they were seen. */
function remove({ tx, path }: TaskContext, { mh, seen }: Extract<Task, { type: 'remove' }>): boolean | 'changed' {
  const row = tx.get<PlacedBlock & { epoch: number }>('SELECT mh, size, pack, at, epoch FROM blocks WHERE mh = ?', mh)
  if (row === undefined) return false
  checkUnused(tx, path, row.epoch)
  const roots = tx.get<{ value: number }>("SELECT value FROM meta WHERE key = 'roots_version'")?.value
  if (seen !== undefined && (seen.epoch !== row.epoch || seen.rootsVersion !== roots)) return 'changed'
  const books = new Books(tx)
  tx.run('DELETE FROM blocks WHERE mh = ?', mh)
  tx.run('DELETE FROM cache_use WHERE mh = ?', mh)
  books.rowDeleted(row)
  books.close()
  return true
}
