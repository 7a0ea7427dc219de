// DAG-CBOR by scanning: checks the whole block without recursion and tells where its links lie.

import { LIMITS } from '../limits.ts'
import { checkCidAt } from './cid-bytes.ts'
import { malformed } from './varint.ts'

export const UINT = 0
export const NEGATIVE = 1
export const BYTES = 2
export const TEXT = 3
export const LIST = 4
export const MAP = 5
export const TAG = 6
const SIMPLE = 7
const LINK_TAG = 42

/** The head of one item: its kind, its argument, and where its content begins. */
export interface CborHead {
  readonly major: number
  readonly value: number
  readonly next: number
}

/** Reads one head; DAG-CBOR wants arguments in as few bytes as they need and lengths that are known. */
export function cborHead(bytes: Uint8Array, at: number): CborHead {
  const first = bytes[at]
  if (first === undefined) throw malformed('ends where a value is due', at)
  const major = first >> 5
  const info = first & 31
  if (info < 24) return { major, value: info, next: at + 1 }
  if (info > 27) throw malformed('has a value of indefinite length or of a reserved kind', at)
  const width = 1 << (info - 24)
  if (at + 1 + width > bytes.length) throw malformed('ends inside a number', at)
  let value = 0
  for (let index = 1; index <= width; index++) value = value * 256 + (bytes[at + index] as number)
  if (major !== SIMPLE && value < SMALLEST[info - 24]!) throw malformed('has a number in more bytes than it needs', at)
  return { major, value, next: at + 1 + width }
}

/** The smallest value that needs an argument of 1, 2, 4, 8 bytes. */
const SMALLEST = [24, 2 ** 8, 2 ** 16, 2 ** 32] as const

/** BAD_BLOCK unless the block is one DAG-CBOR value; calls `onLink` with the range of each CID, in stored order. */
export function scanCbor(bytes: Uint8Array, onLink?: (start: number, end: number) => void): void {
  // Items still due in each open list or map; keys of maps count too.
  const due: number[] = []
  const inMap: boolean[] = []
  let at = 0
  do {
    while (due.length > 0 && due.at(-1) === 0) {
      due.pop()
      inMap.pop()
    }
    if (due.length > 0) due[due.length - 1]!--
    else if (at > 0) break
    const isKey = inMap.at(-1) === true && due.at(-1)! % 2 === 1
    const head = cborHead(bytes, at)
    if (isKey && head.major !== TEXT) throw malformed('has a map key that is not text', at)
    at = scanItem(bytes, at, head, onLink)
    if (head.major === LIST || head.major === MAP) {
      if (due.length >= LIMITS.codecDepth.value)
        throw malformed(`is nested deeper than ${LIMITS.codecDepth.value} levels`, at)
      const items = head.major === MAP ? head.value * 2 : head.value
      if (items > bytes.length - at) throw malformed('announces more items than follow', at)
      due.push(items)
      inMap.push(head.major === MAP)
    }
  } while (due.length > 0)
  if (at !== bytes.length) throw malformed('goes on after its value', at)
}

/** Checks an item without its children; returns where it ends. */
function scanItem(
  bytes: Uint8Array,
  at: number,
  { major, value, next }: CborHead,
  onLink: ((start: number, end: number) => void) | undefined,
): number {
  if (major === BYTES || major === TEXT) {
    if (next + value > bytes.length) throw malformed('ends inside a string', at)
    return next + value
  }
  if (major === TAG) {
    if (value !== LINK_TAG) throw malformed(`has tag ${value}; DAG-CBOR knows 42 alone`, at)
    const link = cborHead(bytes, next)
    const end = link.next + link.value
    if (link.major !== BYTES || end > bytes.length || link.value < 1 || bytes[link.next] !== 0) {
      throw malformed('has a link that holds no CID', next)
    }
    checkCidAt(bytes, link.next + 1, end)
    onLink?.(link.next + 1, end)
    return end
  }
  if (major === SIMPLE) checkSimple(bytes, at)
  return next
}

function checkSimple(bytes: Uint8Array, at: number): void {
  const first = bytes[at] as number
  if (first >= 0xf4 && first <= 0xf6) return
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // A half float has no number when its exponent is all ones.
  const finite =
    first === 0xf9
      ? (view.getUint16(at + 1) & 0x7c00) !== 0x7c00
      : first === 0xfa
        ? Number.isFinite(view.getFloat32(at + 1))
        : first === 0xfb && Number.isFinite(view.getFloat64(at + 1))
  if (!finite) throw malformed('has a value that the IPLD data model does not know', at)
}
