// The Range header: which bytes are asked for, and multipart/byteranges for more than one range (spec: gateway §2.5).

import { LIMITS } from '../../src/limits.ts'

export interface ByteRange {
  readonly offset: number
  readonly length: number
}

/** The whole representation, some ranges of it, or nothing that exists (416). */
export type RangeChoice = 'whole' | 'unsatisfiable' | readonly ByteRange[]

/** What cannot be understood is ignored, as RFC 9110 §14.2 allows: the client gets the whole. */
export function chooseRanges(header: string | undefined, sizeBytes: number): RangeChoice {
  if (header === undefined || sizeBytes === 0) return 'whole'
  const match = /^bytes=[ \t]*(.*)$/i.exec(header.trim())
  if (match === null) return 'whole'
  const specs = (match[1] ?? '').split(',').map(spec => spec.trim())
  const asked = specs.filter(spec => spec !== '')
  if (asked.length === 0 || asked.length > LIMITS.ranges.value) return 'whole'
  const ranges: ByteRange[] = []
  for (const spec of asked) {
    const range = parseRange(spec, sizeBytes)
    if (range === undefined) return 'whole'
    if (range.length > 0) ranges.push(range)
  }
  if (ranges.length === 0) return 'unsatisfiable'
  const total = ranges.reduce((sum, range) => sum + range.length, 0)
  return total > sizeBytes ? 'whole' : ranges
}

/** Length 0 says that the range is valid and lies outside; undefined that it is no range. */
function parseRange(spec: string, sizeBytes: number): ByteRange | undefined {
  const match = /^(\d*)-(\d*)$/.exec(spec)
  if (match === null || (match[1] === '' && match[2] === '')) return undefined
  const [, first = '', last = ''] = match
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes)
    return { offset: sizeBytes - length, length }
  }
  const offset = Number(first)
  if (last !== '' && isBefore(last, first)) return undefined
  if (offset >= sizeBytes) return { offset, length: 0 }
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)
  return { offset, length: end - offset + 1 }
}

/** Numbers of any length, compared exactly. */
function isBefore(a: string, b: string): boolean {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')]
  return left.length === right.length ? left < right : left.length < right.length
}

export const contentRange = ({ offset, length }: ByteRange, sizeBytes: number): string =>
  `bytes ${offset}-${offset + length - 1}/${sizeBytes}`

export interface Multipart {
  readonly contentType: string
  readonly sizeBytes: number
  body(read: (range: ByteRange) => AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
}

/** The parts in the order asked, with a length that is known before the first byte. */
export function multipart(
  ranges: readonly ByteRange[],
  { type, sizeBytes, boundary }: { type: string; sizeBytes: number; boundary: string },
): Multipart {
  const heads = ranges.map(range =>
    Buffer.from(
      `\r\n--${boundary}\r\nContent-Type: ${type}\r\nContent-Range: ${contentRange(range, sizeBytes)}\r\n\r\n`,
    ),
  )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  const parts = ranges.reduce((sum, range, i) => sum + range.length + (heads[i]?.byteLength ?? 0), 0)
  return {
    contentType: `multipart/byteranges; boundary=${boundary}`,
    sizeBytes: parts + tail.byteLength,
    body: async function* (read) {
      for (const [i, range] of ranges.entries()) {
        yield heads[i] as Uint8Array
        yield* read(range)
      }
      yield tail
    },
  }
}
