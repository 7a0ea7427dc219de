// Reading blocks: memory, what waits to be written, the index and the three places; every read is checked (spec: store §5).

import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import type { CID } from 'multiformats/cid'
import { blockKey, isIdentity } from '../../block/cid.ts'
import { verifyBlock } from '../../block/hash.ts'
import type { BlockSource, BorrowedBlock, Wait } from '../../block/source.ts'
import { CairnError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { METRICS } from '../../observe/metrics.ts'
import type { Database } from '../database/database.ts'
import { PLACE_BAD, PLACE_FILE, PLACE_INLINE } from '../database/schema.ts'
import { BufferPool } from '../write/buffers.ts'
import type { BlockFiles } from '../write/files.ts'
import type { Writer } from '../write/writer.ts'
import { BOOT_MARK } from './boot.ts'
import type { BlockCache } from './cache.ts'
import type { CacheUse } from './cache-use.ts'
import type { PackFiles } from './pack-files.ts'
import { type BadBlock, quarantine } from './quarantine.ts'
import { ReadAhead } from './read-ahead.ts'

export interface ReaderOptions {
  readonly path: string
  readonly database: Database
  readonly cache: BlockCache
  readonly packs: PackFiles
  readonly files: BlockFiles
  readonly writer: Writer
  readonly cacheUse: CacheUse
  readonly verify: 'crc' | 'full'
  readonly onBad: (block: BadBlock) => void
}

interface BlockRow {
  readonly size: number
  readonly crc: number
  readonly kept: number
  readonly pack: number
  readonly at: number
  readonly inline: Uint8Array | null
}

const SELECT_BLOCK = `
  SELECT b.size, b.crc, b.kept, b.pack, b.at, d.bytes AS inline FROM blocks b
  LEFT JOIN data d ON d.id = b.at AND b.pack = ${PLACE_INLINE} WHERE b.mh = ?`
const nothing = () => {}

/** How often a block may move while one read looks for it. */
const TRIES = 5

/** What a place gave: bytes that passed or did not, or nothing at all. */
type Found = { readonly bytes: Uint8Array; readonly good: boolean } | 'nothing'

export class BlockReader implements BlockSource {
  readonly #options: ReaderOptions
  readonly #buffers = new BufferPool()
  readonly #ahead: ReadAhead
  /** What `peek` has just looked up in vain: whoever then waits for the block asks in the same turn. */
  #peeked: { readonly cid: CID; readonly row: BlockRow | undefined } | undefined

  constructor(options: ReaderOptions) {
    this.#options = options
    this.#ahead = new ReadAhead(options.packs)
  }

  has(cid: CID): boolean {
    if (isIdentity(cid)) return true
    const row = this.#options.database.get<{ pack: number }>(
      'SELECT pack FROM blocks WHERE mh = ?',
      cid.multihash.bytes,
    )
    if (row !== undefined) return row.pack !== PLACE_BAD
    return this.#options.writer.pending(blockKey(cid)) !== undefined
  }

  peek(cid: CID): Uint8Array | undefined {
    const lent = this.lend(cid)
    if (lent === undefined || lent.release === nothing) return lent?.bytes
    const bytes = lent.bytes.slice()
    lent.release()
    return bytes
  }

  lend(cid: CID): BorrowedBlock | undefined {
    const known = this.#inMemory(cid)
    if (known !== undefined) return { bytes: known, release: nothing }
    const row = this.#row(cid)
    const lent = row && this.#atHand(row)
    if (row === undefined || lent === undefined || !this.#isGood(cid, row, lent.bytes)) {
      lent?.release()
      this.#peeked = { cid, row }
      queueMicrotask(this.#forgetPeeked)
      return undefined
    }
    if (row.kept === 0) this.#options.cacheUse.note(cid.multihash.bytes, false)
    // Of what is read in a row little is read again: it would only drive the rest out of the cache.
    if (row.pack === PLACE_INLINE) this.#options.cache.set(blockKey(cid), lent.bytes)
    return lent
  }

  readonly #forgetPeeked = (): void => {
    this.#peeked = undefined
  }

  #atHand({ pack, at, size, inline }: BlockRow): BorrowedBlock | undefined {
    if (pack > 0) return this.#ahead.lend(pack, at, size)
    return pack === PLACE_INLINE && inline !== null ? { bytes: inline, release: nothing } : undefined
  }

  async get(cid: CID, options: Wait): Promise<Uint8Array> {
    options.signal.throwIfAborted()
    const known = this.#inMemory(cid)
    if (known !== undefined) return known
    const bytes = await this.#read(cid, sizeBytes => new Uint8Array(sizeBytes))
    if (bytes.byteLength <= LIMITS.inlineBytes.value) this.#options.cache.set(blockKey(cid), bytes)
    return bytes
  }

  async borrow(cid: CID, options: Wait): Promise<BorrowedBlock> {
    options.signal.throwIfAborted()
    const known = this.#inMemory(cid)
    if (known !== undefined) return { bytes: known, release: nothing }
    let taken: Uint8Array | undefined
    try {
      const bytes = await this.#read(cid, sizeBytes => {
        if (taken !== undefined) this.#buffers.giveBack(taken)
        taken = this.#buffers.take(sizeBytes)
        return taken
      })
      // What came inline or from memory after all is nobody's to reuse.
      if (taken === undefined || bytes.buffer !== taken.buffer) return { bytes, release: nothing }
      const lent = this.#buffers.lend(taken, bytes.byteLength)
      taken = undefined
      return lent
    } finally {
      if (taken !== undefined) this.#buffers.giveBack(taken)
    }
  }

  #row(cid: CID): BlockRow | undefined {
    return this.#options.database.get<BlockRow>(SELECT_BLOCK, cid.multihash.bytes)
  }

  /** The digest of an identity CID, a checked block, or a copy of what lies in the group that is being filled. */
  #inMemory(cid: CID): Uint8Array | undefined {
    if (isIdentity(cid)) return cid.multihash.digest
    const key = blockKey(cid)
    const known = this.#options.cache.get(key)
    if (known !== undefined) return known
    const pending = this.#options.writer.pending(key)
    if (pending === undefined || !pending.hasBytes || !this.#options.writer.isOpen(pending.group)) return undefined
    return new Uint8Array(pending.image.bytes(pending.at, pending.size))
  }

  async #read(cid: CID, allocate: (sizeBytes: number) => Uint8Array): Promise<Uint8Array> {
    const pending = this.#options.writer.pending(blockKey(cid))
    if (pending?.hasBytes) await pending.group.done.catch(() => undefined)
    let bad: { readonly row: BlockRow; readonly bytes: Uint8Array | undefined } | undefined
    for (let tries = 0; tries < TRIES; tries++) {
      const row = tries === 0 && this.#peeked?.cid === cid ? this.#peeked.row : this.#row(cid)
      if (row === undefined) throw new CairnError('BLOCK_NOT_LOCAL', `block ${cid} is not here`, { cid })
      if (row.pack === PLACE_BAD) throw corrupt(cid)
      // Bad twice at one place is bad; at another place it had only moved.
      if (bad !== undefined && bad.row.pack === row.pack && bad.row.at === row.at) {
        await this.#condemn(cid, row, bad.bytes)
        throw corrupt(cid)
      }
      const found = await this.#fetch(cid, row, allocate)
      if (found !== 'nothing' && found.good) {
        if (row.kept === 0)
          this.#options.cacheUse.note(cid.multihash.bytes, row.pack === PLACE_FILE && row.at !== BOOT_MARK)
        return found.bytes
      }
      bad = { row, bytes: found === 'nothing' ? undefined : found.bytes }
    }
    throw new CairnError('CORRUPT_BLOCK', `block ${cid} moved ${TRIES} times while it was read`)
  }

  async #fetch(cid: CID, row: BlockRow, allocate: (sizeBytes: number) => Uint8Array): Promise<Found> {
    if (row.pack > 0) {
      const bytes = await this.#readOutside(cid, row, allocate, this.#ahead)
      if (bytes !== undefined && this.#isGood(cid, row, bytes)) return { bytes, good: true }
      // Read ahead, it is as the pack was a while ago.
      this.#ahead.forget(row.pack, row.at)
    }
    const bytes =
      row.pack === PLACE_INLINE
        ? (row.inline ?? undefined)
        : await this.#readOutside(cid, row, allocate, this.#options.packs)
    return bytes === undefined ? 'nothing' : { bytes, good: this.#isGood(cid, row, bytes) }
  }

  /** Undefined if nothing is there. Other failures of the disk are not the block's fault and reach the caller. */
  async #readOutside(
    cid: CID,
    row: BlockRow,
    allocate: (sizeBytes: number) => Uint8Array,
    packs: Pick<PackFiles, 'read'>,
  ): Promise<Uint8Array | undefined> {
    const { files } = this.#options
    const buffer = allocate(row.size)
    try {
      const whole =
        row.pack === PLACE_FILE
          ? await readWhole(files.fileOf(cid.multihash.bytes), buffer, row.size)
          : await packs.read(row.pack, row.at, buffer, row.size)
      return whole ? buffer.subarray(0, row.size) : undefined
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw new CairnError('READ_FAILED', `block ${cid} could not be read`, { cause: error })
    }
  }

  #isGood(cid: CID, row: BlockRow, bytes: Uint8Array): boolean {
    if (bytes.byteLength !== row.size || crc32(bytes) !== row.crc) return false
    const unsynced = row.kept === 0 && row.pack === PLACE_FILE && row.at !== BOOT_MARK
    return (this.#options.verify === 'crc' && !unsynced) || hashes(cid, bytes)
  }

  async #condemn(cid: CID, { pack, at }: BlockRow, bytes: Uint8Array | undefined): Promise<void> {
    const { path, database, cache, onBad } = this.#options
    cache.delete(blockKey(cid))
    const block: BadBlock = { cid, pack, at, bytes: bytes && Uint8Array.from(bytes) }
    onBad(block)
    METRICS.corruptBlocks.add()
    if (!database.readOnly) await quarantine({ path, database }, block)
  }
}

const corrupt = (cid: CID): CairnError =>
  new CairnError('CORRUPT_BLOCK', `the stored bytes of block ${cid} are damaged`)

function hashes(cid: CID, bytes: Uint8Array): boolean {
  try {
    verifyBlock(cid, bytes)
    return true
  } catch {
    // Whatever it says, these are not the bytes of this CID.
    return false
  }
}

/** False if the file is not exactly so long. */
async function readWhole(file: string, into: Uint8Array, sizeBytes: number): Promise<boolean> {
  const handle = await open(file, 'r')
  try {
    for (let done = 0; done < sizeBytes; ) {
      const { bytesRead } = await handle.read(into, done, sizeBytes - done, done)
      if (bytesRead === 0) return false
      done += bytesRead
    }
    return true
  } finally {
    await handle.close()
  }
}
