// Making room when `store.max` or the disk is full: the cache goes first, then what nothing keeps (spec: store §7).

import type { GcEvent } from '../api/repo.ts'
import type { Wait } from '../block/source.ts'
import { isCairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../observe/log.ts'
import { evictCache } from '../store/collect/evict.ts'
import { vacuumDatabase } from '../store/database/vacuum.ts'
import type { Store } from '../store/store.ts'
import { collectGarbage, type GcOptions } from './gc.ts'

export interface RoomOptions {
  readonly graceMs: number
  /** So much should be free then; left out: what one write more needs. */
  readonly wantedBytes?: number
  /** Of what nothing keeps only as much goes as is wanted, what was put or met longest ago first. */
  readonly oldestFirst?: boolean
  /** As in `GcOptions`. */
  readonly pace?: number
}

export type RoomEvent =
  | { readonly type: 'evicted'; readonly wantedBytes: number; readonly evictedBytes: number }
  | Exclude<GcEvent, { type: 'removed' }>

/** So much is free afterwards, if it can be had: else the next group would come here again. */
const SPARE_SHARE = 1 / 50
/** Packs are compacted while they are still rather full: room is dearer than writing. */
const COMPACT_BELOW = 0.9

/** Does what it can, and leaves it to the write to find out whether that was enough. */
export async function* makeRoom(
  store: Store,
  { graceMs, wantedBytes = missingBytes(store), oldestFirst = false, pace }: RoomOptions,
  { signal, log }: Wait & { readonly log: Logger },
): AsyncGenerator<RoomEvent> {
  const evictedBytes = await evictCache(store, wantedBytes, { signal })
  if (evictedBytes > 0) await vacuumDatabase(store, { signal })
  log.info('room made in the cache', { evictedBytes, wantedBytes })
  yield { type: 'evicted', wantedBytes, evictedBytes }
  if (evictedBytes >= wantedBytes) return
  const options: GcOptions = {
    ...{ graceMs, compactBelow: COMPACT_BELOW, log, signal },
    ...(pace !== undefined && { pace }),
    ...(oldestFirst && { wantedBytes: wantedBytes - evictedBytes }),
  }
  try {
    for await (const event of collectGarbage(store, options)) {
      if (event.type === 'done') log.info('room made by a collection', { freedBytes: event.freedBytes })
      if (event.type !== 'removed') yield event
    }
  } catch (error) {
    // Another collection makes room already; one that refuses to run (a damaged root) leaves the write without.
    if (!isCairnError(error, 'REPO_LOCKED') && !isCairnError(error, 'REPO_DAMAGED')) throw error
    log.warn('no collection to make room', { error })
  }
}

/** On a disk that is full before `store.max` is reached, that much has to go all the same. */
function missingBytes(store: Store): number {
  const { diskBytes, maxBytes } = store.counters()
  const spareBytes = 2 * LIMITS.groupBytes.value + maxBytes * SPARE_SHARE
  return Math.max(diskBytes - maxBytes, 0) + spareBytes
}
