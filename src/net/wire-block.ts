// A block as bitswap carries it (prefix and bytes), hashed, so that it is known by what it is and not by what it is called.

import { create } from 'multiformats/hashes/digest'
import { hashByCode, IDENTITY } from '../block/hash.ts'
import { enforce } from '../limits.ts'
import type { WireBlock } from './wire.ts'

const PREFIX_FIELDS = 4
const VARINT_BITS = 7

/** The block's key in the store (see `blockKey`); throws what the hash table or a limit throws. */
export function wireBlockKey({ prefix, data }: WireBlock): string {
  enforce('blockBytes', data.byteLength, 'block from a peer')
  const [, , code = IDENTITY, length = 0] = readVarints(prefix)
  const digest = hashByCode(code).digest(data)
  const { bytes } = create(code, length < digest.byteLength ? digest.subarray(0, length) : digest)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

export function wirePrefix(cid: {
  version: number
  code: number
  multihash: { code: number; size: number }
}): Uint8Array {
  return Uint8Array.from([cid.version, cid.code, cid.multihash.code, cid.multihash.size].flatMap(writeVarint))
}

function readVarints(bytes: Uint8Array): number[] {
  const numbers: number[] = []
  let value = 0
  let shift = 0
  for (const byte of bytes) {
    value += (byte & 0x7f) * 2 ** shift
    shift += VARINT_BITS
    if (byte < 0x80) {
      numbers.push(value)
      value = 0
      shift = 0
    }
    if (shift > 28 || numbers.length === PREFIX_FIELDS) break
  }
  return numbers
}

function writeVarint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...writeVarint(value >>> VARINT_BITS)]
}
