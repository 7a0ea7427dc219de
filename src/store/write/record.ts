// One block as it lies in a pack and in a group on its way there: magic, length, multihash, header CRC, bytes (spec: store §4.3).

import { RECORD_OVERHEAD } from '../database/schema.ts'

/** There is at least one link in the block. */
export const HAS_LINKS = 1
/** The index has this block already: it is only touched, and put if it turns out to be gone. Never in a pack. */
export const MET = 2
/** Not kept. Never in a pack. */
export const CACHED = 4
/** No bytes follow. Never in a pack. */
export const BARE = 8
/** Overtaken by a later record of the same group. Never in a pack. */
export const VOID = 16

export const MAGIC = 0x316e7243
const PAD_MAGIC = 0x506e7243
/** magic, size, crc: u32 each, little-endian; flags, length of the multihash: u8; u16 of zeros. */
const FIXED_BYTES = 16
const PAD_BYTES = 8
const FLAGS_AT = 12
/** A group begins on a boundary, so that no sector is written again after it was synced. */
export const ALIGN_BYTES = 4096

export interface RecordHeader {
  readonly mh: Uint8Array
  readonly size: number
  readonly crc: number
  readonly flags: number
  /** Where its bytes begin. */
  readonly at: number
  /** Where the next record begins. */
  readonly end: number
}

export interface NewRecord {
  readonly mh: Uint8Array
  /** Undefined for a BARE one. */
  readonly bytes: Uint8Array | undefined
  readonly size: number
  readonly crc: number
  readonly flags: number
}

export const recordLength = ({ mh, bytes }: NewRecord): number =>
  RECORD_OVERHEAD + mh.byteLength + (bytes?.byteLength ?? 0)

/** Returns where its bytes begin. The caller has made sure that there is room. */
export function writeRecord(image: Buffer, start: number, { mh, bytes, size, crc, flags }: NewRecord): number {
  image.writeUInt32LE(MAGIC, start)
  image.writeUInt32LE(size, start + 4)
  image.writeUInt32LE(crc, start + 8)
  image[start + FLAGS_AT] = flags
  image[start + 13] = mh.byteLength
  image.writeUInt16LE(0, start + 14)
  image.set(mh, start + FIXED_BYTES)
  const headerEnd = start + FIXED_BYTES + mh.byteLength
  image.writeUInt32LE(headerCrc(image, start, headerEnd), headerEnd)
  if (bytes !== undefined) image.set(bytes, headerEnd + 4)
  return headerEnd + 4
}

/** Changes the flags of a record whose bytes begin at `at`. */
export function addFlags(image: Buffer, at: number, mhLength: number, flags: number): void {
  const start = at - RECORD_OVERHEAD - mhLength
  image[start + FLAGS_AT] = (image[start + FLAGS_AT] ?? 0) | flags
  const headerEnd = start + FIXED_BYTES + mhLength
  image.writeUInt32LE(headerCrc(image, start, headerEnd), headerEnd)
}

/** Fills up to the next boundary and returns it; needs room for `ALIGN_BYTES + PAD_BYTES`. */
export function writePad(image: Buffer, start: number): number {
  const over = start % ALIGN_BYTES
  if (over === 0) return start
  let end = start - over + ALIGN_BYTES
  if (end - start < PAD_BYTES) end += ALIGN_BYTES
  image.fill(0, start, end)
  image.writeUInt32LE(PAD_MAGIC, start)
  image.writeUInt32LE(end - start, start + 4)
  return end
}

/** The record that begins at `start`, or how far padding reaches; undefined if neither begins there whole. */
export function readRecord(image: Buffer, start: number): RecordHeader | { readonly padEnd: number } | undefined {
  if (start + PAD_BYTES > image.byteLength) return undefined
  const magic = image.readUInt32LE(start)
  if (magic === PAD_MAGIC) {
    const length = image.readUInt32LE(start + 4)
    return length >= PAD_BYTES && length < 2 * ALIGN_BYTES ? { padEnd: start + length } : undefined
  }
  if (magic !== MAGIC || start + FIXED_BYTES > image.byteLength) return undefined
  const headerEnd = start + FIXED_BYTES + (image[start + 13] ?? 0)
  if (headerEnd + 4 > image.byteLength) return undefined
  if (headerCrc(image, start, headerEnd) !== image.readUInt32LE(headerEnd)) return undefined
  const flags = image[start + FLAGS_AT] ?? 0
  const size = image.readUInt32LE(start + 4)
  const at = headerEnd + 4
  return {
    mh: image.subarray(start + FIXED_BYTES, headerEnd),
    size,
    crc: image.readUInt32LE(start + 8),
    flags,
    at,
    end: (flags & BARE) === 0 ? at + size : at,
  }
}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  return crc
})

/** The CRC-32 of zlib; for so few bytes the loop is over before a call into it has begun. */
function headerCrc(image: Buffer, start: number, end: number): number {
  let crc = -1
  for (let at = start; at < end; at++) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ (image[at] ?? 0)) & 0xff] ?? 0)
  return ~crc >>> 0
}
