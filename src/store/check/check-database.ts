// The database itself: SQLite's own integrity, and the counters against a recount.

import { isLeaseAlive } from '../write/leases.ts'
import { type CheckContext, type CheckEvents, errorFound, noted } from './check-context.ts'
import { type Recount, ROWS_AT_ONCE, recount, recountAtOnce } from './recount.ts'

const TRIES = 5

export async function* checkDatabase(context: CheckContext): CheckEvents {
  const isLarge = context.store.counters().blocks > ROWS_AT_ONCE
  yield* checkIntegrity(context, isLarge)
  yield* checkCounters(context, isLarge)
}

/** SQLite's test reads everything in one transaction: in a large repository it has to wait until nobody else writes. */
async function* checkIntegrity({ store: { database }, path }: CheckContext, isLarge: boolean): CheckEvents {
  const leases = database.all<{ id: number }>('SELECT id FROM leases')
  if (isLarge && leases.some(({ id }) => isLeaseAlive(path, id))) {
    yield noted(
      'integrity-not-checked',
      'SQLite was not checked as a whole: the repository is large and processes write to it',
    )
    return
  }
  for (const row of database.all('PRAGMA integrity_check(100)')) {
    const text = String(Object.values(row)[0])
    if (text !== 'ok') yield errorFound('bad-database', `SQLite: ${text}`)
  }
}

async function* checkCounters({ store: { database }, pace }: CheckContext, isLarge: boolean): CheckEvents {
  let counted: Recount | undefined = isLarge ? undefined : recountAtOnce(database)
  for (let tries = 0; counted === undefined && tries < TRIES; tries++) counted = await recount(database, pace)
  if (counted === undefined) {
    yield noted(
      'counters-not-checked',
      'the counters were not compared: the repository never stood still for a recount',
    )
    return
  }
  for (const [name, { said, found }] of counted.counters) {
    if (said !== found) yield errorFound('wrong-counter', `the counter ${name} says ${said}, the rows say ${found}`)
  }
  for (const [id, { said, found }] of counted.packs) {
    if (said !== found)
      yield errorFound('wrong-counter', `pack ${id} is said to hold ${said} living bytes, the rows say ${found}`)
  }
}
