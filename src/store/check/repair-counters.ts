// Counters that do not say what the rows say: the difference, which others' changes leave as it is, is added.

import type { Transaction } from '../database/database.ts'
import { type CheckContext, done, type Outcome } from './check-context.ts'

export interface Difference {
  readonly said: number
  readonly found: number
}

/** Both were read at one moment; what writers have added since is in the counter and stays in it. */
export const mendCounter = (context: CheckContext, name: string, difference: Difference): Promise<Outcome> =>
  add(context, difference, (tx, by) => tx.run('UPDATE counters SET value = value + ? WHERE name = ?', by, name))

export const mendPack = (context: CheckContext, id: number, difference: Difference): Promise<Outcome> =>
  add(context, difference, (tx, by) => tx.run('UPDATE packs SET live = live + ? WHERE id = ?', by, id))

async function add(
  { store: { database } }: CheckContext,
  { said, found }: Difference,
  update: (tx: Transaction, by: number) => unknown,
): Promise<Outcome> {
  await database.transact(tx => update(tx, found - said))
  return done('corrected')
}
