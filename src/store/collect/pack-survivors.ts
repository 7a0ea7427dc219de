// Which rows still point into given packs, found by one paged pass over the index: cheaper than asking it for every record.

import type { Store } from '../store.ts'
import { paceOf, type Throttle } from './throttle.ts'

export interface Survivor {
  readonly mh: Uint8Array
  readonly size: number
  readonly crc: number
  readonly kept: number
  readonly links: number
  readonly pack: number
  readonly at: number
}

const PAGE_ROWS = 20_000

const SELECT_END = `SELECT max(mh) AS last FROM (SELECT mh FROM blocks WHERE mh > ? ORDER BY mh LIMIT ${PAGE_ROWS})`
const SELECT_IN_PACKS = `SELECT mh, size, crc, kept, links, pack, at FROM blocks
  WHERE mh > ? AND mh <= ? AND pack IN (SELECT value FROM json_each(?))`

/** In the order in which they lie: pack by pack. The packs must be sealed; the caller bounds how many rows they have. */
export async function findSurvivors(
  store: Store,
  packs: readonly number[],
  signal: AbortSignal,
  throttle?: Throttle,
): Promise<Survivor[]> {
  const pace = paceOf({ signal, throttle })
  const wanted = JSON.stringify(packs)
  const found: Survivor[] = []
  let after: Uint8Array = new Uint8Array(0)
  for (;;) {
    await pace()
    const last = store.database.get<{ last: Uint8Array | null }>(SELECT_END, after)?.last
    if (last === null || last === undefined) break
    found.push(...store.database.all<Survivor>(SELECT_IN_PACKS, after, last, wanted))
    after = last
  }
  return found.sort((a, b) => a.pack - b.pack || a.at - b.at)
}
