// Inline bytes without a row: deleted, once nobody can have taken their id meanwhile.

import { type CheckContext, done, notDone, type Outcome } from './check-context.ts'
import { ORPHAN_DATA } from './check-rows.ts'

/** Looked for once more under the mutex: an id is used again after the last one was deleted. */
export function dropOrphanData({ store: { database } }: CheckContext, id: number): Promise<Outcome> {
  return database.transact(tx => {
    if (tx.get(ORPHAN_DATA, id) === undefined) return done('it belongs to a block now')
    const deleted = tx.run('DELETE FROM data WHERE id = ?', id)
    return deleted === 1 ? done('removed') : notDone('somebody else has removed it')
  })
}
