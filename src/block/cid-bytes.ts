// CIDs in their binary form: strict, without copying, for scanners that meet thousands of them in one block.

import { CID } from 'multiformats/cid'
import { Digest } from 'multiformats/hashes/digest'
import { DAG_PB } from './cid.ts'
import { SHA2_256 } from './hash.ts'
import { malformed, readVarint, varintEnd } from './varint.ts'

/** The CID that fills `bytes` from `start` to `end`, as a view into them. BAD_BLOCK if that is not one CID and nothing else. */
export function cidAt(bytes: Uint8Array, start: number, end: number): CID {
  if (isV0(bytes, start, end)) {
    const multihash = bytes.subarray(start, end)
    return new CID(0, DAG_PB, new Digest(SHA2_256, 32, bytes.subarray(start + 2, end), multihash), multihash)
  }
  checkVersion(bytes, start)
  const codec = readVarint(bytes, start + 1)
  const multihashStart = varintEnd
  const hash = readVarint(bytes, multihashStart)
  const length = readVarint(bytes, varintEnd)
  const digestStart = varintEnd
  checkEnd(digestStart + length, start, end)
  const multihash = new Digest(hash, length, bytes.subarray(digestStart, end), bytes.subarray(multihashStart, end))
  return new CID(1, codec, multihash, bytes.subarray(start, end))
}

/** The same check without making an object. */
export function checkCidAt(bytes: Uint8Array, start: number, end: number): void {
  // Nearly all links are CIDv1 of sha2-256 with a codec of one byte, or CIDv0.
  if (end - start === 36 && bytes[start] === 1 && (bytes[start + 1] as number) < 0x80) {
    if (bytes[start + 2] === SHA2_256 && bytes[start + 3] === 32) return
  }
  if (isV0(bytes, start, end)) return
  checkVersion(bytes, start)
  readVarint(bytes, start + 1)
  checkEnd(multihashEnd(bytes, varintEnd), start, end)
}

/** Where the CID that begins at `start` ends; it may lie beyond the bytes there are. */
export function cidEnd(bytes: Uint8Array, start: number): number {
  if (bytes[start] === SHA2_256 && bytes[start + 1] === 32) return start + 34
  checkVersion(bytes, start)
  readVarint(bytes, start + 1)
  return multihashEnd(bytes, varintEnd)
}

const isV0 = (bytes: Uint8Array, start: number, end: number) =>
  end - start === 34 && bytes[start] === SHA2_256 && bytes[start + 1] === 32

function checkVersion(bytes: Uint8Array, start: number): void {
  if (bytes[start] !== 1) throw malformed('has something else where a CID should be', start)
}

function multihashEnd(bytes: Uint8Array, start: number): number {
  readVarint(bytes, start)
  const length = readVarint(bytes, varintEnd)
  return varintEnd + length
}

function checkEnd(actual: number, start: number, end: number): void {
  if (actual !== end) throw malformed('has a CID of the wrong length', start)
}
