// The end of pins that were asked for until some time: one transaction, by the daemon and at the start of every collection.

import type { Database } from '../store/database/database.ts'
import type { Store } from '../store/store.ts'
import { certainNow, SYSTEM_CLOCK } from './clock.ts'
import { ROOT_GONE } from './statements.ts'

/** Pins that have expired by `now`; 0 costs one look into an index, and no write. */
export function countExpired(database: Database, now: number): number {
  const sql = 'SELECT count(*) AS n FROM pins WHERE expires IS NOT NULL AND expires <= ?'
  return database.get<{ n: number }>(sql, now)?.n ?? 0
}

/** When the next one ends; undefined if none does. */
export function nextExpiry(database: Database): number | undefined {
  const sql = 'SELECT min(expires) AS at FROM pins WHERE expires IS NOT NULL'
  return database.get<{ at: number | null }>(sql)?.at ?? undefined
}

/**
 * Removes what has expired: rows, as an unpin does, so that a mark that begins afterwards does not see them, and a pin
 * that is renewed is either still there or has to be made anew. Returns how many.
 */
export async function dropExpired(store: Store, now: number = certainNow(SYSTEM_CLOCK)): Promise<number> {
  if (store.database.readOnly || countExpired(store.database, now) === 0) return 0
  const drop = { sql: 'DELETE FROM pins WHERE expires IS NOT NULL AND expires <= ?', params: [now] }
  const [dropped = 0] = await store.write([drop, ...ROOT_GONE], { freesRoom: true })
  return dropped
}
