// The records of a pack as they lie, without the index: for finding garbled parts, and copies of blocks that were lost elsewhere.

import { readSync } from 'node:fs'
import { MiB } from '../../units.ts'
import { ALIGN_BYTES, type RecordHeader, readRecord } from '../write/record.ts'

export type PackPart =
  | { readonly kind: 'record'; readonly start: number; readonly end: number; readonly header: RecordHeader }
  | { readonly kind: 'padding'; readonly start: number; readonly end: number }
  /** Neither a record nor padding begins at `start`; at `end` the next one does, or the pack ends. */
  | { readonly kind: 'garbled'; readonly start: number; readonly end: number }

/** Padding reaches less than two boundaries ahead, and a header less than one. */
const WINDOW_BYTES = 4 * ALIGN_BYTES
const LOOKAHEAD_BYTES = 2 * ALIGN_BYTES
const MAGIC = Buffer.from('Crn1')
/** The longest header, with a multihash of 255 bytes. */
const HEADER_BYTES = 275

/** Up to `endBytes`. The multihash of a record is only good until the next step. */
export function* walkPack(fd: number, endBytes: number): Generator<PackPart> {
  const window = Buffer.alloc(WINDOW_BYTES)
  let [from, filled] = [0, 0]
  for (let start = 0; start < endBytes; ) {
    if (start < from || start + LOOKAHEAD_BYTES > from + filled) {
      from = start
      filled = readSync(fd, window, 0, Math.min(WINDOW_BYTES, endBytes - start), start)
    }
    const part = partAt(window.subarray(start - from, filled), start, endBytes) ?? {
      kind: 'garbled' as const,
      start,
      end: resync(fd, start + 1, endBytes),
    }
    yield part
    start = part.end
  }
}

function partAt(bytes: Buffer, start: number, endBytes: number): PackPart | undefined {
  const record = readRecord(bytes, 0)
  if (record === undefined) return undefined
  if ('padEnd' in record) {
    const end = start + record.padEnd
    const isClean =
      end <= endBytes && end % ALIGN_BYTES === 0 && bytes.subarray(8, record.padEnd).every(byte => byte === 0)
    return isClean ? { kind: 'padding', start, end } : undefined
  }
  const header = { ...record, at: start + record.at, end: start + record.end }
  return header.end <= endBytes ? { kind: 'record', start, end: header.end, header } : undefined
}

/** Where the next whole header begins; `endBytes` if there is none. */
function resync(fd: number, after: number, endBytes: number): number {
  const chunk = Buffer.alloc(MiB)
  // They overlap by a header, so that none is missed between two.
  for (let from = after; from < endBytes; from += MiB - HEADER_BYTES) {
    const filled = readSync(fd, chunk, 0, Math.min(MiB, endBytes - from), from)
    const bytes = chunk.subarray(0, filled)
    for (let at = bytes.indexOf(MAGIC); at !== -1; at = bytes.indexOf(MAGIC, at + 1))
      if (readRecord(bytes, at) !== undefined) return from + at
    if (filled === 0 || from + filled >= endBytes) break
  }
  return endBytes
}
