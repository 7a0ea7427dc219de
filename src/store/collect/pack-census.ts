// What the index really has in each pack, counted from its rows: what the unlinking of a pack stands on, rather than on a counter.

import { RECORD_OVERHEAD } from '../database/schema.ts'
import type { Store } from '../store.ts'
import { paceOf, type Throttle } from './throttle.ts'

export interface PackContent {
  readonly rows: number
  /** Of whole records. */
  readonly liveBytes: number
}

const PAGE_ROWS = 20_000

const SELECT_PAGE = `
  SELECT pack, count(*) AS rows, sum(${RECORD_OVERHEAD} + length(mh) + size) AS liveBytes, max(mh) AS last
  FROM (SELECT mh, size, pack FROM blocks WHERE mh > ? ORDER BY mh LIMIT ${PAGE_ROWS}) GROUP BY pack`

/** By place: also what is inline and in files. Rows only ever come to packs that a living process owns, so for the others the count stays true. */
export async function countPlaces(
  store: Store,
  signal: AbortSignal,
  throttle?: Throttle,
): Promise<Map<number, PackContent>> {
  const pace = paceOf({ signal, throttle })
  const places = new Map<number, PackContent>()
  let after: Uint8Array = new Uint8Array(0)
  for (;;) {
    await pace()
    const page = store.database.all<PackContent & { pack: number; last: Uint8Array }>(SELECT_PAGE, after)
    let seen = 0
    for (const { pack, rows, liveBytes, last } of page) {
      const before = places.get(pack)
      places.set(pack, { rows: rows + (before?.rows ?? 0), liveBytes: liveBytes + (before?.liveBytes ?? 0) })
      if (Buffer.compare(last, after) > 0) after = last
      seen += rows
    }
    if (seen < PAGE_ROWS) return places
  }
}
