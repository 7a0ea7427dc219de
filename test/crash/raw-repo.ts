// A repository read without any of Cairn's own code: rows by SQLite, packs and files by their written formats, hashes by OpenSSL.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'

export interface RawRow {
  readonly mh: Uint8Array
  readonly size: number
  readonly crc: number
  readonly kept: number
  readonly links: number
  /** 0 inline, -1 a file, -2 known to be bad, else the pack. */
  readonly pack: number
  readonly at: number
  readonly epoch: number
}

export interface RawPack {
  readonly id: number
  readonly owner: number | null
  readonly committed: number
  readonly live: number
  readonly sealed: number
}

export interface RawPin {
  readonly cid: Uint8Array
  readonly mode: number
  readonly status: number
}

const HASHES = new Map([
  [0x12, 'sha256'],
  [0x13, 'sha512'],
])
const RECORD_MAGIC = 0x316e7243
const PAD_MAGIC = 0x506e7243
/** Before the multihash, and with the CRC of the header behind it. */
const FIXED_BYTES = 16
export const OVERHEAD_BYTES = FIXED_BYTES + 4

export const keyOf = (mh: Uint8Array): string => Buffer.from(mh).toString('hex')

/** Undefined if the bytes are what the multihash says. */
export function whatIsWrong(mh: Uint8Array, bytes: Uint8Array): string | undefined {
  const hash = HASHES.get(mh[0] ?? 0)
  if (hash === undefined) return `has the unknown hash function ${mh[0]}`
  const digest = createHash(hash).update(bytes).digest()
  return digest.equals(mh.subarray(2)) ? undefined : 'has bytes that do not hash to its name'
}

export class RawRepo implements Disposable {
  readonly path: string
  readonly database: DatabaseSync
  readonly #packs = new Map<number, Buffer | undefined>()

  constructor(path: string) {
    this.path = path
    this.database = new DatabaseSync(join(path, 'cairn.db'), { readOnly: true, timeout: 5000 })
  }

  all<T>(sql: string): T[] {
    return this.database.prepare(sql).all() as T[]
  }

  rows = (): RawRow[] => this.all('SELECT mh, size, crc, kept, links, pack, at, epoch FROM blocks')
  packs = (): RawPack[] => this.all('SELECT id, owner, committed, live, sealed FROM packs')
  pins = (): RawPin[] => this.all('SELECT cid, mode, status FROM pins')

  packBytes(id: number): Buffer | undefined {
    if (!this.#packs.has(id)) this.#packs.set(id, readIfThere(join(this.path, 'packs', `${id}.pack`)))
    return this.#packs.get(id)
  }

  /** Undefined if there is nothing at the place that the row names. */
  bytesOf({ mh, size, pack, at }: RawRow): Uint8Array | undefined {
    if (pack === 0) {
      const found = this.database.prepare('SELECT bytes FROM data WHERE id = ?').get(at) as { bytes: Uint8Array }
      return found?.bytes
    }
    if (pack === -1) return readIfThere(join(this.path, 'blocks', fileNameOf(mh)))
    const bytes = this.packBytes(pack)
    return bytes === undefined || at + size > bytes.byteLength ? undefined : bytes.subarray(at, at + size)
  }

  [Symbol.dispose](): void {
    this.database.close()
  }
}

function readIfThere(file: string): Buffer | undefined {
  return statSync(file, { throwIfNoEntry: false }) === undefined ? undefined : readFileSync(file)
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** As blockstore-fs has it: multibase `B`, in a folder of its last two characters. */
export function fileNameOf(mh: Uint8Array): string {
  let [text, held, bits] = ['B', 0, 0]
  for (const byte of mh) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32[(held >>> (bits - 5)) & 31]
    held &= (1 << bits) - 1
  }
  if (bits > 0) text += BASE32[(held << (5 - bits)) & 31]
  return join(text.slice(-2), `${text}.data`)
}

/** Every file of `blocks/`, as `<shard>/<name>`. */
export function blockFiles(path: string): string[] {
  const root = join(path, 'blocks')
  return readdirSync(root, { withFileTypes: true }).flatMap(shard =>
    shard.isDirectory() ? readdirSync(join(root, shard.name)).map(name => join(shard.name, name)) : [shard.name],
  )
}

export interface PackRecord {
  readonly mh: Uint8Array
  readonly size: number
  readonly crc: number
  readonly at: number
}

/** The records up to the committed end, which must follow each other without a gap; an offset where none begins is told. */
export function walkPack(bytes: Buffer, committed: number): { records: Map<number, PackRecord>; wrongAt?: number } {
  const records = new Map<number, PackRecord>()
  for (let start = 0; start < committed; ) {
    const end = recordAt(bytes, start, committed, records)
    if (end === undefined) return { records, wrongAt: start }
    start = end
  }
  return { records }
}

function recordAt(bytes: Buffer, start: number, end: number, records: Map<number, PackRecord>): number | undefined {
  if (start + 8 > end) return undefined
  const magic = bytes.readUInt32LE(start)
  if (magic === PAD_MAGIC) return start + Math.max(8, bytes.readUInt32LE(start + 4))
  if (magic !== RECORD_MAGIC || start + OVERHEAD_BYTES > end) return undefined
  const headerEnd = start + FIXED_BYTES + (bytes[start + 13] ?? 0)
  if (headerEnd + 4 > end || crc32(bytes.subarray(start, headerEnd)) !== bytes.readUInt32LE(headerEnd)) return undefined
  const size = bytes.readUInt32LE(start + 4)
  const at = headerEnd + 4
  if (at + size > end) return undefined
  records.set(at, { mh: bytes.subarray(start + FIXED_BYTES, headerEnd), size, crc: bytes.readUInt32LE(start + 8), at })
  return at + size
}
