// A pack read from its own headers: which records lie in it, whatever the index says (spec: store §4.3).

import { readSync } from 'node:fs'
import { KiB } from '../units.ts'
import { type RecordHeader, readRecord } from './record.ts'

/** Many small records come with one read; a large one is jumped over. */
const WINDOW_BYTES = 256 * KiB
/** No header and no padding mark is longer. */
const HEADER_BYTES = 512

/** A stretch that is no record and no padding: what lies behind it is not looked at. */
export interface Garbled {
  readonly garbledAt: number
}

/**
 * The records up to `endBytes`, as long as they follow on each other. A header is good until the next is asked for.
 * Synchronous, one small read at a time: the caller paces itself.
 */
export function* scanPack(fd: number, endBytes: number): Generator<RecordHeader | Garbled> {
  const window = Buffer.allocUnsafe(WINDOW_BYTES)
  let windowStart = 0
  let windowEnd = 0
  for (let at = 0; at < endBytes; ) {
    if (at < windowStart || Math.min(at + HEADER_BYTES, endBytes) > windowEnd) {
      windowStart = at
      windowEnd = at + readSync(fd, window, 0, Math.min(WINDOW_BYTES, endBytes - at), at)
    }
    const found = readRecord(window.subarray(0, windowEnd - windowStart), at - windowStart)
    const end = found === undefined ? undefined : windowStart + ('padEnd' in found ? found.padEnd : found.end)
    if (found === undefined || end === undefined || end > endBytes) {
      yield { garbledAt: at }
      return
    }
    if (!('padEnd' in found)) yield { ...found, at: windowStart + found.at, end }
    at = end
  }
}
