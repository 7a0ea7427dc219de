// Whether the bytes of one index row lie where it says, judged without changing anything (the store's own reading would quarantine).

import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'
import { RAW } from '../../block/cid.ts'
import { verifyBlock } from '../../block/hash.ts'
import { LIMITS } from '../../limits.ts'
import type { Database } from '../database/database.ts'
import { PLACE_BAD, PLACE_FILE, PLACE_INLINE, RECORD_OVERHEAD } from '../database/schema.ts'
import { packFile } from '../paths.ts'
import type { Store } from '../store.ts'
import { BlockFiles } from '../write/files.ts'
import { readRecord } from '../write/record.ts'

export interface JudgedRow {
  readonly mh: Uint8Array
  readonly size: number
  readonly crc: number
  readonly kept: number
  readonly pack: number
  readonly at: number
}

/** A stable word, and a sentence. */
export interface Problem {
  readonly kind: string
  readonly what: string
}

/** A problem, and the row as it was when it was seen twice. */
export interface Judgement extends Problem {
  readonly row: JudgedRow
}

const SELECT_ROW = 'SELECT mh, size, crc, kept, pack, at FROM blocks WHERE mh = ?'
/** How often a block may move while it is looked at. */
const TRIES = 5

export const cidOf = (mh: Uint8Array): CID => CID.createV1(RAW, decode(mh))

/** Judges rows one after the other; keeps one pack open, as rows are given in the order of their places. */
export class BlockJudge implements Disposable {
  readonly #database: Database
  readonly #path: string
  readonly #files: BlockFiles
  readonly #reads: (mh: Uint8Array) => boolean
  #open: { readonly pack: number; readonly fd: number } | undefined
  bytesRead = 0

  /** `reads`: which blocks are read and hashed. */
  constructor({ database, path }: Pick<Store, 'database' | 'path'>, reads: (mh: Uint8Array) => boolean) {
    this.#database = database
    this.#path = path
    this.#files = new BlockFiles(path)
    this.#reads = reads
  }

  /** Undefined if all is well, also if the row has gone or moved to where all is well (spec: store §5). */
  judge(row: JudgedRow): Judgement | undefined {
    let looked = row
    for (let tries = 0; tries < TRIES; tries++) {
      const problem = this.#look(looked)
      if (problem === undefined) return undefined
      const now = this.#database.get<JudgedRow>(SELECT_ROW, row.mh)
      if (now === undefined) return undefined
      if (now.pack === looked.pack && now.at === looked.at && now.kept === looked.kept)
        return { ...problem, row: looked }
      looked = now
    }
    return undefined
  }

  /** The bytes, if they are there and as the row says. */
  read(mh: Uint8Array): Uint8Array | undefined {
    const row = this.#database.get<JudgedRow>(SELECT_ROW, mh)
    const bytes = row === undefined ? undefined : this.bytesAt(row)
    return bytes !== undefined && crc32(bytes) === row?.crc ? bytes : undefined
  }

  /** Whatever lies there, as far as a block could be long; undefined if nothing can be read. */
  bytesAt(row: JudgedRow): Uint8Array | undefined {
    return orUnreadable(() => this.#bytes(row))
  }

  #look(row: JudgedRow): Problem | undefined {
    if (row.pack === PLACE_BAD) return { kind: 'quarantined', what: 'was found damaged and put aside' }
    const misplaced = this.#misplaced(row)
    // Behind a garbled header the bytes may be good all the same, or not.
    if ((misplaced !== undefined && misplaced.kind !== 'bad-header') || !this.#reads(row.mh)) return misplaced
    const bytes = this.bytesAt(row)
    if (bytes === undefined) return { kind: 'missing-bytes', what: 'cannot be read in full' }
    this.bytesRead += bytes.byteLength
    if (crc32(bytes) !== row.crc) return { kind: 'bad-hash', what: `has changed since it was stored (${placeOf(row)})` }
    return hashes(row.mh, bytes) ? misplaced : { kind: 'bad-hash', what: `does not hash to its name (${placeOf(row)})` }
  }

  /** Without reading the bytes. */
  #misplaced(row: JudgedRow): Problem | undefined {
    if (row.pack === PLACE_INLINE) {
      const inline = this.#database.get<{ size: number }>('SELECT length(bytes) AS size FROM data WHERE id = ?', row.at)
      return wrongSize(row, inline?.size, 'database')
    }
    if (row.pack === PLACE_FILE) {
      const file = orUnreadable(() => statSync(this.#files.fileOf(row.mh), { throwIfNoEntry: false }))
      return wrongSize(row, file?.isFile() === true ? file.size : undefined, 'file')
    }
    return this.#misplacedInPack(row)
  }

  #misplacedInPack({ mh, size, crc, pack, at }: JudgedRow): Problem | undefined {
    const committed = this.#database.get<{ committed: number }>(
      'SELECT committed FROM packs WHERE id = ?',
      pack,
    )?.committed
    if (committed === undefined)
      return { kind: 'missing-bytes', what: `lies in pack ${pack}, which the index does not know` }
    if (at + size > committed) return { kind: 'missing-bytes', what: `lies behind the committed end of pack ${pack}` }
    const header = Buffer.alloc(RECORD_OVERHEAD + mh.byteLength)
    const fd = this.#openPack(pack)
    const start = at - header.byteLength
    if (
      fd === undefined ||
      start < 0 ||
      orUnreadable(() => readSync(fd, header, 0, header.byteLength, start)) !== header.byteLength
    )
      return {
        kind: 'missing-bytes',
        what: `lies in pack ${pack}, whose file is ${fd === undefined ? 'missing' : 'too short'}`,
      }
    const record = readRecord(header, 0)
    const fits =
      record !== undefined &&
      !('padEnd' in record) &&
      Buffer.compare(record.mh, mh) === 0 &&
      record.size === size &&
      record.crc === crc
    return fits ? undefined : { kind: 'bad-header', what: `has another record header in pack ${pack} at ${at}` }
  }

  #bytes({ mh, size, pack, at }: JudgedRow): Uint8Array | undefined {
    if (pack === PLACE_INLINE)
      return this.#database.get<{ bytes: Uint8Array }>('SELECT bytes FROM data WHERE id = ?', at)?.bytes
    if (pack === PLACE_FILE) return readFile(this.#files.fileOf(mh))
    const fd = pack > 0 ? this.#openPack(pack) : undefined
    const bytes = Buffer.allocUnsafe(size)
    return fd !== undefined && readSync(fd, bytes, 0, size, at) === size ? bytes : undefined
  }

  #openPack(pack: number): number | undefined {
    if (this.#open?.pack === pack) return this.#open.fd
    this[Symbol.dispose]()
    const fd = orUnreadable(() => openSync(packFile(this.#path, pack), 'r'))
    if (fd !== undefined) this.#open = { pack, fd }
    return fd
  }

  [Symbol.dispose](): void {
    if (this.#open !== undefined) closeSync(this.#open.fd)
    this.#open = undefined
  }
}

function placeOf({ pack, at }: JudgedRow): string {
  if (pack === PLACE_INLINE) return 'in the database'
  return pack === PLACE_FILE ? 'in a file' : `in pack ${pack} at ${at}`
}

function wrongSize({ size }: JudgedRow, found: number | undefined, where: string): Problem | undefined {
  if (found === size) return undefined
  if (found === undefined) return { kind: 'missing-bytes', what: `has no bytes in its ${where}` }
  return { kind: 'wrong-size', what: `has ${found} of ${size} bytes in its ${where}` }
}

/** Not more than a block may have, and one byte more. */
function readFile(file: string): Uint8Array {
  const fd = openSync(file, 'r')
  try {
    const bytes = Buffer.alloc(Math.min(fstatSync(fd).size, LIMITS.blockBytes.value + 1))
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.byteLength, 0))
  } finally {
    closeSync(fd)
  }
}

const UNREADABLE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EIO'])

/** What is not there, or what the disk cannot read any more, is a finding. */
function orUnreadable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (UNREADABLE.has((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

export function hashes(mh: Uint8Array, bytes: Uint8Array): boolean {
  try {
    verifyBlock(cidOf(mh), bytes)
    return true
  } catch {
    // Whatever it says, these are not the bytes of this multihash.
    return false
  }
}
