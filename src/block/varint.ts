// Unsigned varints as multiformats has them: at most ten bytes, none of them for nothing.

import { CairnError } from '../errors.ts'

/** Where the varint that was read last ended; to be taken before anything else is read. */
export let varintEnd = 0

/** Values above 2^53 come back rounded: enough to refuse them. */
export function readVarint(bytes: Uint8Array, start: number): number {
  const first = bytes[start]
  if (first === undefined) throw malformed('ends inside a number', start)
  if (first < 0x80) {
    varintEnd = start + 1
    return first
  }
  let value = first & 0x7f
  let factor = 0x80
  for (let at = start + 1; at < start + 10; at++) {
    const byte = bytes[at]
    if (byte === undefined) throw malformed('ends inside a number', at)
    value += (byte & 0x7f) * factor
    factor *= 0x80
    if (byte < 0x80) {
      if (byte === 0) throw malformed('has a number in more bytes than it needs', start)
      varintEnd = at + 1
      return value
    }
  }
  throw malformed('has a number of more than 64 bits', start)
}

export function encodeVarint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

/** BAD_BLOCK with its place; `what` goes on after "the block". */
export function malformed(what: string, at: number): CairnError {
  return new CairnError('BAD_BLOCK', `the block ${what} (byte ${at})`)
}
