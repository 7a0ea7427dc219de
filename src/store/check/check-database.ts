// The database itself: SQLite's own integrity, and the counters against a recount.

import { isLeaseAlive } from '../write/leases.ts'
import {
  type CheckContext,
  type CheckEvents,
  errorFound,
  mended,
  notDone,
  noted,
  withOutcome,
} from './check-context.ts'
import { type Recount, ROWS_AT_ONCE, recount, recountAtOnce } from './recount.ts'
import { mendCounter, mendPack } from './repair-counters.ts'

const TRIES = 5

/** Too many rows for one read transaction (spec: store §2.4). */
const isLarge = ({ store }: CheckContext): boolean => store.counters().blocks > ROWS_AT_ONCE

/** SQLite's test reads everything in one transaction: in a large repository it has to wait until nobody else writes. */
export async function* checkIntegrity(context: CheckContext): CheckEvents {
  const { path } = context
  const { database } = context.store
  const leases = database.all<{ id: number }>('SELECT id FROM leases')
  if (isLarge(context) && leases.some(({ id }) => isLeaseAlive(path, id))) {
    yield noted(
      'integrity-not-checked',
      'SQLite was not checked as a whole: the repository is large and processes write to it',
    )
    return
  }
  for (const row of database.all('PRAGMA integrity_check(100)')) {
    const text = String(Object.values(row)[0])
    if (text !== 'ok') yield badDatabase(context, `SQLite: ${text}`)
  }
}

/** Nothing that is written by way of a broken index can be trusted: it is made anew as a whole, by whoever can close it. */
export function badDatabase({ repair }: CheckContext, what: string) {
  const found = errorFound('bad-database', what)
  return repair === undefined
    ? found
    : withOutcome(found, notDone('the index has to be rebuilt: stop the daemon, then `cairn repo rebuild`'))
}

export async function* checkCounters(context: CheckContext): CheckEvents {
  const { pace } = context
  const { database } = context.store
  let counted: Recount | undefined = isLarge(context) ? undefined : recountAtOnce(database)
  for (let tries = 0; counted === undefined && tries < TRIES; tries++) counted = await recount(database, pace)
  if (counted === undefined) {
    yield noted(
      'counters-not-checked',
      'the counters were not compared: the repository never stood still for a recount',
    )
    return
  }
  for (const [name, difference] of counted.counters) {
    const { said, found } = difference
    if (said === found) continue
    const wrong = errorFound('wrong-counter', `the counter ${name} says ${said}, the rows say ${found}`)
    yield await mended(context, wrong, () => mendCounter(context, name, difference))
  }
  for (const [id, difference] of counted.packs) {
    const { said, found } = difference
    if (said === found) continue
    const wrong = errorFound('wrong-counter', `pack ${id} is said to hold ${said} living bytes, the rows say ${found}`)
    yield await mended(context, wrong, () => mendPack(context, id, difference))
  }
}
