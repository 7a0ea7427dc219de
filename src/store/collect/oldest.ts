// Least recently used first: which garbage is old enough to go when not all of it has to, by the epoch that last put or met it.

import type { Store } from '../store.ts'
import { type GcWait, paceOf } from './throttle.ts'

export interface OldestOptions extends GcWait {
  readonly marks: { has(multihash: Uint8Array): boolean }
  /** Rows of this epoch or later never go. */
  readonly threshold: number
  readonly wantedBytes: number
}

const PAGE_ROWS = 2500
const SELECT_PAGE = `SELECT mh, size, epoch FROM blocks WHERE mh > ? ORDER BY mh LIMIT ${PAGE_ROWS}`
/** Neighbouring epochs are counted as one when there are more. */
const MOST_BUCKETS = 65_536

/** The lowest threshold below which so many bytes are garbage; the given one if all of it is less. */
export async function oldestThatSuffice(store: Store, options: OldestOptions): Promise<number> {
  const { marks, threshold, wantedBytes } = options
  const width = Math.max(1, Math.ceil(threshold / MOST_BUCKETS))
  const pace = paceOf(options)
  const bytesOf = new Map<number, number>()
  for (let after: Uint8Array = new Uint8Array(0); ; ) {
    await pace()
    const page = store.database.all<{ mh: Uint8Array; size: number; epoch: number }>(SELECT_PAGE, after)
    for (const { mh, size, epoch } of page) {
      if (epoch >= threshold || marks.has(mh)) continue
      const bucket = Math.floor(epoch / width)
      bytesOf.set(bucket, (bytesOf.get(bucket) ?? 0) + size)
    }
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_ROWS) break
    after = last.mh
  }
  let bytes = 0
  for (const [bucket, more] of [...bytesOf].sort(([a], [b]) => a - b)) {
    bytes += more
    if (bytes >= wantedBytes) return Math.min(threshold, (bucket + 1) * width)
  }
  return threshold
}
