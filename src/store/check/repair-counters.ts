// Counters that do not say what the rows say: the difference, which others' changes leave as it is, is added.

import type { Transaction } from '../database/database.ts'
import { type CheckContext, done, type Outcome } from './check-context.ts'

export interface Difference {
  readonly said: number
  readonly found: number
}

/** One whose row is gone counts from nothing. */
const ADD = 'INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value'

/** Both were read at one moment; what writers have added since is in the counter and stays in it. */
export const mendCounter = (context: CheckContext, name: string, difference: Difference): Promise<Outcome> =>
  add(context, difference, (tx, by) => tx.run(ADD, name, by))

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
