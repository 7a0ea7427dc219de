// Writing ZIP archives as a stream, uncompressed: each file as stored DEFLATE blocks, its checksum and size behind it.

import { crc32 } from 'node:zlib'
import { CairnError } from '../../errors.ts'
import { enforce } from '../../limits.ts'
import { bytesOfName, checkArchiveName } from '../names.ts'
import type { TarEntry } from './tar.ts'

export type ZipEntry = TarEntry

const MOST_32 = 0xffff_ffff
const MOST_16 = 0xffff
/** What one stored block holds; its head is five bytes. */
const BLOCK_BYTES = 65_535
const STORED = 0
const DEFLATED = 8
/** Names are UTF-8; checksum and sizes stand behind the data. */
const UTF8 = 0x0800
const SIZES_BEHIND = 0x0008
/** Unix, so that the modes below are read; 4.5 knows large files. */
const MADE_BY = (3 << 8) | 45
const TYPES = { file: 0o100000, directory: 0o040000, symlink: 0o120000 }
const MODES = { file: 0o644, directory: 0o755, symlink: 0o777 }
/** The first of January 1980, where the format's time begins: the real one is in a field of its own. */
const DOS_DATE = 0x21

/** What the directory at the end says of one entry. */
interface Written {
  readonly name: Uint8Array
  readonly mode: number
  readonly isFolder: boolean
  readonly method: number
  readonly flags: number
  readonly crc: number
  readonly packedBytes: number
  readonly sizeBytes: number
  readonly offset: number
  readonly secs: number | undefined
}

export async function* writeZip(entries: AsyncIterable<ZipEntry>): AsyncGenerator<Uint8Array> {
  const written: Written[] = []
  let offset = 0
  for await (const entry of entries) {
    enforce('zipEntries', written.length + 1, 'ZIP archive')
    for (const segment of entry.path) checkArchiveName(segment)
    let record = begin(entry, offset)
    const head = localHead(record)
    yield head
    offset += head.byteLength
    if (entry.kind === 'symlink') {
      const target = bytesOfName(entry.target ?? '')
      yield target
      offset += target.byteLength
    } else if (entry.kind === 'file') {
      let crc = 0
      for await (const { piece, plain } of pack(entry)) {
        if (plain !== undefined) crc = crc32(plain, crc)
        yield piece
      }
      record = { ...record, crc }
      const behind = descriptor(record)
      yield behind
      offset += record.packedBytes + behind.byteLength
    }
    written.push(record)
  }
  yield* directory(written, offset)
}

function begin({ path, kind, mode, mtime, target = '', sizeBytes }: ZipEntry, offset: number): Written {
  const isFolder = kind === 'directory'
  const link = bytesOfName(kind === 'symlink' ? target : '')
  const name = path.join('/') + (isFolder ? '/' : '')
  const isFile = kind === 'file'
  const blocks = Math.max(1, Math.ceil(sizeBytes / BLOCK_BYTES))
  return {
    name: bytesOfName(name),
    mode: TYPES[kind] | ((mode ?? MODES[kind]) & 0o7777),
    isFolder,
    method: isFile ? DEFLATED : STORED,
    flags: (name.isWellFormed() ? UTF8 : 0) | (isFile ? SIZES_BEHIND : 0),
    crc: crc32(link),
    packedBytes: isFile ? sizeBytes + 5 * blocks : link.byteLength,
    sizeBytes: isFile ? sizeBytes : link.byteLength,
    offset,
    secs: mtime.secs > 0n && mtime.secs < 2n ** 31n ? Number(mtime.secs) : undefined,
  }
}

interface Piece {
  readonly piece: Uint8Array
  /** The same bytes where they are content. */
  readonly plain?: Uint8Array
}

/** Blocks are cut by the size alone, which the head has announced: content of another length ends in an error. */
async function* pack({ path, content, sizeBytes }: ZipEntry): AsyncGenerator<Piece> {
  const wrong = () =>
    new CairnError('BAD_BLOCK', `${path.join('/')} does not have the ${sizeBytes} bytes that it announces`)
  let left = sizeBytes
  let blockLeft = 0
  const open = (): Piece => {
    blockLeft = Math.min(left, BLOCK_BYTES)
    const head = Buffer.alloc(5)
    head.writeUInt8(left <= BLOCK_BYTES ? 1 : 0, 0)
    head.writeUInt16LE(blockLeft, 1)
    head.writeUInt16LE(~blockLeft & MOST_16, 3)
    return { piece: head }
  }
  if (sizeBytes === 0) yield open()
  for await (const chunk of content ?? []) {
    if (chunk.byteLength > left) throw wrong()
    for (let at = 0; at < chunk.byteLength; ) {
      if (blockLeft === 0) yield open()
      const piece = chunk.subarray(at, at + blockLeft)
      yield { piece, plain: piece }
      at += piece.byteLength
      blockLeft -= piece.byteLength
      left -= piece.byteLength
    }
  }
  if (left > 0) throw wrong()
}

const isLarge = ({ packedBytes }: Written): boolean => packedBytes >= MOST_32

function localHead(entry: Written): Buffer {
  const isBehind = (entry.flags & SIZES_BEHIND) !== 0
  const extra = Buffer.concat([...(isLarge(entry) ? [extra64([0, 0])] : []), timeField(entry)])
  const head = Buffer.alloc(30)
  head.writeUInt32LE(0x0403_4b50, 0)
  head.writeUInt16LE(isLarge(entry) ? 45 : 20, 4)
  writeShared(head, 6, entry)
  head.writeUInt32LE(isBehind ? 0 : entry.crc, 14)
  const sizes = isLarge(entry) ? [MOST_32, MOST_32] : isBehind ? [0, 0] : [entry.packedBytes, entry.sizeBytes]
  head.writeUInt32LE(sizes[0] as number, 18)
  head.writeUInt32LE(sizes[1] as number, 22)
  head.writeUInt16LE(entry.name.byteLength, 26)
  head.writeUInt16LE(extra.byteLength, 28)
  return Buffer.concat([head, entry.name, extra])
}

function writeShared(head: Buffer, at: number, { flags, method }: Written): void {
  head.writeUInt16LE(flags, at)
  head.writeUInt16LE(method, at + 2)
  head.writeUInt16LE(0, at + 4)
  head.writeUInt16LE(DOS_DATE, at + 6)
}

function descriptor(entry: Written): Buffer {
  const behind = Buffer.alloc(isLarge(entry) ? 24 : 16)
  behind.writeUInt32LE(0x0807_4b50, 0)
  behind.writeUInt32LE(entry.crc, 4)
  if (isLarge(entry)) {
    behind.writeBigUInt64LE(BigInt(entry.packedBytes), 8)
    behind.writeBigUInt64LE(BigInt(entry.sizeBytes), 16)
  } else {
    behind.writeUInt32LE(entry.packedBytes, 8)
    behind.writeUInt32LE(entry.sizeBytes, 12)
  }
  return behind
}

function* directory(written: readonly Written[], start: number): Generator<Buffer> {
  let bytes = 0
  for (const entry of written) {
    const head = directoryEntry(entry)
    bytes += head.byteLength
    yield head
  }
  const isBig = written.length >= MOST_16 || start + bytes >= MOST_32
  if (isBig) yield end64(written.length, bytes, start)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x0605_4b50, 0)
  end.writeUInt16LE(Math.min(written.length, MOST_16), 8)
  end.writeUInt16LE(Math.min(written.length, MOST_16), 10)
  end.writeUInt32LE(Math.min(bytes, MOST_32), 12)
  end.writeUInt32LE(Math.min(start, MOST_32), 16)
  yield end
}

function directoryEntry(entry: Written): Buffer {
  const { sizeBytes, packedBytes, offset, name } = entry
  const wide = [sizeBytes, packedBytes, offset].filter((value, index) =>
    index < 2 ? isLarge(entry) : value >= MOST_32,
  )
  const extra = Buffer.concat([...(wide.length > 0 ? [extra64(wide)] : []), timeField(entry)])
  const head = Buffer.alloc(46)
  head.writeUInt32LE(0x0201_4b50, 0)
  head.writeUInt16LE(MADE_BY, 4)
  head.writeUInt16LE(wide.length > 0 ? 45 : 20, 6)
  writeShared(head, 8, entry)
  head.writeUInt32LE(entry.crc, 16)
  head.writeUInt32LE(isLarge(entry) ? MOST_32 : packedBytes, 20)
  head.writeUInt32LE(isLarge(entry) ? MOST_32 : sizeBytes, 24)
  head.writeUInt16LE(name.byteLength, 28)
  head.writeUInt16LE(extra.byteLength, 30)
  head.writeUInt32LE(((entry.mode << 16) | (entry.isFolder ? 0x10 : 0)) >>> 0, 38)
  head.writeUInt32LE(Math.min(offset, MOST_32), 42)
  return Buffer.concat([head, name, extra])
}

function end64(count: number, bytes: number, start: number): Buffer {
  const end = Buffer.alloc(56 + 20)
  end.writeUInt32LE(0x0606_4b50, 0)
  end.writeBigUInt64LE(44n, 4)
  end.writeUInt16LE(MADE_BY, 12)
  end.writeUInt16LE(45, 14)
  for (const [index, value] of [count, count, bytes, start].entries())
    end.writeBigUInt64LE(BigInt(value), 24 + index * 8)
  end.writeUInt32LE(0x0706_4b50, 56)
  end.writeBigUInt64LE(BigInt(start + bytes), 64)
  end.writeUInt32LE(1, 72)
  return end
}

/** Values that do not fit into 32 bits, in the order of the format. */
function extra64(values: readonly number[]): Buffer {
  const field = Buffer.alloc(4 + values.length * 8)
  field.writeUInt16LE(0x0001, 0)
  field.writeUInt16LE(values.length * 8, 2)
  for (const [index, value] of values.entries()) field.writeBigUInt64LE(BigInt(value), 4 + index * 8)
  return field
}

/** Seconds since 1970, as every unpacker reads them. */
function timeField({ secs }: Written): Buffer {
  if (secs === undefined) return Buffer.alloc(0)
  const field = Buffer.alloc(9)
  field.writeUInt16LE(0x5455, 0)
  field.writeUInt16LE(5, 2)
  field.writeUInt8(1, 4)
  field.writeInt32LE(secs, 5)
  return field
}
