// CIDv1 text of raw blocks straight from their multihashes: a collection tells of hundreds of thousands.

import { RAW } from './cid.ts'

/** RFC 4648 in lower case, without padding. */
const ALPHABET = Buffer.from('abcdefghijklmnopqrstuvwxyz234567')
/** 58 characters for the usual hash; the longest digest that is allowed has 128 bytes. */
const out = Buffer.allocUnsafe(512)

/** `bafkrei…`: version 1, the raw codec, base32. */
export function rawCidText(multihash: Uint8Array): string {
  out[0] = 0x62
  let length = 1
  let [buffer, bits] = [0x0100 | RAW, 16]
  for (let at = 0; ; at++) {
    for (; bits >= 5; bits -= 5) out[length++] = ALPHABET[(buffer >>> (bits - 5)) & 31] as number
    if (at === multihash.length) break
    buffer = ((buffer & 31) << 8) | (multihash[at] as number)
    bits += 8
  }
  if (bits > 0) out[length++] = ALPHABET[(buffer << (5 - bits)) & 31] as number
  return out.toString('latin1', 0, length)
}
