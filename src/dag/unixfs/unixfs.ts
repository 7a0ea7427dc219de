// The UnixFS message inside a dag-pb node, checked before anyone believes it.

import { malformed, readVarint, varintEnd } from '../../block/varint.ts'

const TYPES = ['raw', 'directory', 'file', 'metadata', 'symlink', 'shard'] as const
export type UnixfsType = (typeof TYPES)[number]

export interface Mtime {
  readonly secs: bigint
  readonly nsecs: number
}

export interface Unixfs {
  readonly type: UnixfsType
  /** Files: content in front of the children's. Symlinks: the target. Shards: the bit field. */
  readonly data: Uint8Array
  /** Length of the content: what `data` and the children hold, which is also what `filesize` says. */
  readonly sizeBytes: number
  readonly blockSizes: readonly number[]
  readonly hashType: number
  readonly fanout: number
  /** Permission bits alone. */
  readonly mode: number | undefined
  readonly mtime: Mtime | undefined
}

const NO_BYTES = new Uint8Array(0)
const PERMISSIONS = 0o7777
/** 0001-01-01 and 9999-12-31: outside of them disks, headers and archives have no form for a time. */
const FIRST_SECOND = -62_135_596_800n
const LAST_SECOND = 253_402_300_799n

interface Fields {
  type?: number
  data?: Uint8Array
  fileSize?: number
  blockSizes: number[]
  hashType?: number
  fanout?: number
  mode?: number
  mtime?: Mtime | undefined
}

/** BAD_BLOCK if it is not UnixFS, or its sizes are beyond exact numbers or contradict each other. */
export function parseUnixfs(bytes: Uint8Array): Unixfs {
  const fields = readFields(bytes)
  const type = TYPES[fields.type ?? -1]
  if (type === undefined) throw malformed('has no type that UnixFS knows', 0)
  const { data = NO_BYTES, blockSizes } = fields
  const isContent = type === 'file' || type === 'raw'
  const sizeBytes = isContent ? blockSizes.reduce((sum, size) => sum + size, data.byteLength) : data.byteLength
  if (isContent && !Number.isSafeInteger(sizeBytes)) throw malformed('declares more bytes than can be counted', 0)
  if (isContent && fields.fileSize !== undefined && fields.fileSize !== sizeBytes) {
    throw malformed(`declares ${fields.fileSize} bytes, but its parts sum up to ${sizeBytes}`, 0)
  }
  // A mode of more than 32 bits is none.
  const mode = fields.mode === undefined || fields.mode > 0xffffffff ? undefined : fields.mode & PERMISSIONS
  const { hashType = 0, fanout = 0, mtime } = fields
  return { type, data, sizeBytes, blockSizes, hashType, fanout, mode, mtime }
}

/** Above it are fields of a later UnixFS, which are none of our business. */
const LAST_FIELD = 8
const VARINT = 0
const LENGTH = 2

function readFields(bytes: Uint8Array): Fields {
  const fields: Fields = { blockSizes: [] }
  let seen = 0
  for (let at = 0; at < bytes.length; ) {
    const key = readVarint(bytes, at)
    const field = Math.floor(key / 8)
    const wire = key % 8
    const valueStart = varintEnd
    const end = fieldEnd(bytes, valueStart, wire)
    if (field <= LAST_FIELD) {
      // Block sizes repeat; anything else said twice would be read differently by different readers.
      if (field !== 4 && (seen & (1 << field)) !== 0) throw malformed('has a UnixFS field twice', at)
      seen |= 1 << field
      if (wire === LENGTH) readBytesField(fields, field, bytes.subarray(varintEnd, end))
      else if (wire === VARINT) readNumberField(fields, field, readVarint(bytes, valueStart))
      else throw malformed('has a UnixFS field of the wrong kind', at)
    }
    at = end
  }
  return fields
}

/** Where the field ends; leaves `varintEnd` where its content begins. */
function fieldEnd(bytes: Uint8Array, start: number, wire: number): number {
  if (wire !== VARINT && wire !== LENGTH && wire !== 1 && wire !== 5)
    throw malformed('has a UnixFS field of no known kind', start)
  if (wire === VARINT) {
    readVarint(bytes, start)
    return varintEnd
  }
  const end = wire === LENGTH ? readVarint(bytes, start) + varintEnd : start + (wire === 1 ? 8 : 4)
  if (end > bytes.length) throw malformed('ends inside a UnixFS field', start)
  return end
}

function readNumberField(fields: Fields, field: number, value: number): void {
  if (field === 1) fields.type = value
  else if (field === 3) fields.fileSize = value
  else if (field === 4) fields.blockSizes.push(value)
  else if (field === 5) fields.hashType = value
  else if (field === 6) fields.fanout = value
  else if (field === 7) fields.mode = value
  else throw malformed('has a number where UnixFS has none', 0)
}

function readBytesField(fields: Fields, field: number, content: Uint8Array): void {
  if (field === 2) fields.data = content
  else if (field === 8) fields.mtime = readMtime(content)
  // Protobuf readers take repeated numbers in packed form as well.
  else if (field === 4)
    for (let at = 0; at < content.length; at = varintEnd) fields.blockSizes.push(readVarint(content, at))
  else throw malformed('has bytes where UnixFS has a number', 0)
}

/** Undefined if it is no point in time: UnixFS wants seconds, and nanoseconds below 10^9. */
function readMtime(bytes: Uint8Array): Mtime | undefined {
  let secs: bigint | undefined
  let nsecs = 0
  for (let at = 0; at < bytes.length; ) {
    const key = readVarint(bytes, at)
    const start = varintEnd
    const end = fieldEnd(bytes, start, key % 8)
    if (key === 0x08) secs = readSigned(bytes, start, end)
    if (key === 0x15) nsecs = new DataView(bytes.buffer, bytes.byteOffset).getUint32(start, true)
    at = end
  }
  if (secs === undefined || secs < FIRST_SECOND || secs > LAST_SECOND || nsecs >= 1e9) return undefined
  return { secs, nsecs }
}

function readSigned(bytes: Uint8Array, start: number, end: number): bigint {
  let value = 0n
  for (let at = end - 1; at >= start; at--) value = (value << 7n) | BigInt((bytes[at] as number) & 0x7f)
  return BigInt.asIntN(64, value)
}
