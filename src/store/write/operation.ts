// One operation (add, import, pin, put): what it puts or meets is safe from collection until it ends (spec: store §3, §4.5).

import { crc32 } from 'node:zlib'
import type { CID } from 'multiformats/cid'
import { blockKey, isIdentity } from '../../block/cid.ts'
import { checkDigest, verifyBlock } from '../../block/hash.ts'
import { hasLinks, mayLink } from '../../block/links.ts'
import type { NewBlock, Wait } from '../../block/source.ts'
import { CairnError, isCairnError } from '../../errors.ts'
import { enforce, LIMITS } from '../../limits.ts'
import { KiB } from '../../units.ts'
import type { Database } from '../database/database.ts'
import { PLACE_BAD } from '../database/schema.ts'
import type { KeepOptions, Operation, Statement } from '../store.ts'
import { Group, type Pending } from './group.ts'
import { BARE, CACHED, HAS_LINKS, MET, type NewRecord } from './record.ts'
import type { Writer } from './writer.ts'

export interface OperationOptions {
  readonly id: number
  /** Of the repository when it began: rows of it or later are safe as they are. */
  readonly epoch: number
  readonly writer: Writer
  readonly database: Database
  /** A stored block's bytes, for a cached one that becomes kept. */
  readonly read: (cid: CID, options: Wait) => Promise<Uint8Array>
  readonly onEnd: (operation: StoreOperation) => void
}

interface IndexRow {
  readonly kept: number
  readonly links: number
  readonly pack: number
  readonly epoch: number
  readonly size: number
  readonly crc: number
}

const SELECT_ROW = 'SELECT kept, links, pack, epoch, size, crc FROM blocks WHERE mh = ?'

/** From here on looking is cheaper than carrying the bytes to the committer. */
const LOOK_FIRST_BYTES = 16 * KiB

export class StoreOperation implements Operation {
  readonly wantsCrc = true
  readonly #options: OperationOptions
  /** Groups with blocks of this operation that are not durable yet. */
  readonly #groups = new Set<Group>()
  /** Blocks it met and has no bytes of, until it is known that they still stand. */
  readonly #met = new Map<string, { readonly cid: CID; readonly group: Group }>()
  #waiting = 0
  #lastWait: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined
  #ended = false

  constructor(options: OperationOptions) {
    this.#options = options
  }

  get id(): number {
    return this.#options.id
  }

  put(block: NewBlock): void | Promise<void> {
    this.#check()
    const { cid, bytes, release } = block
    if (isIdentity(cid)) {
      release?.()
      return
    }
    checkSize(cid, bytes)
    checkDigest(cid.multihash)
    const waiting = this.#store(cid, bytes, block.crc ?? crc32(bytes), block.hasLinks)
    if (waiting === undefined) {
      release?.()
      return
    }
    return this.#counted(waiting.finally(() => release?.()))
  }

  async putVerified(cid: CID, bytes: Uint8Array, { signal }: Wait): Promise<void> {
    signal.throwIfAborted()
    checkSize(cid, bytes)
    verifyBlock(cid, bytes)
    await this.put({ cid, bytes, hasLinks: hasLinks(cid.code, bytes) })
  }

  async keep(cid: CID, options: KeepOptions): Promise<boolean> {
    options.signal.throwIfAborted()
    this.#check()
    if (isIdentity(cid)) return true
    const key = blockKey(cid)
    const pending = this.#options.writer.pending(key)
    if (pending !== undefined && willStand(pending) && options.hasLinks !== true) {
      this.#remember(pending.group)
      return true
    }
    const row = this.#options.database.get<IndexRow>(SELECT_ROW, cid.multihash.bytes)
    if (row === undefined && pending === undefined) return false
    if (row === undefined || row.kept === 0 || row.pack === PLACE_BAD) return this.#makeKept(cid, options)
    const links = row.links === 1 || (options.hasLinks ?? (await this.#looksLinked(cid, options)))
    if (row.epoch >= this.#options.epoch && links === (row.links === 1)) return true
    const flags = MET | BARE | (links ? HAS_LINKS : 0)
    const { size, crc } = row
    await this.#meet(cid, { mh: cid.multihash.bytes, bytes: undefined, size, crc, flags })
    return true
  }

  /** A block of a codec with links that the index takes for a leaf: it may have come in under the raw codec. */
  async #looksLinked(cid: CID, options: Wait): Promise<boolean> {
    if (!mayLink(cid.code)) return false
    return hasLinks(cid.code, await this.#options.read(cid, options))
  }

  /** Read, hashed in full and put anew, synced this time (spec: store §4.6). False if its bytes are no good. */
  async #makeKept(cid: CID, options: Wait): Promise<boolean> {
    try {
      const bytes = await this.#options.read(cid, options)
      await this.putVerified(cid, bytes, options)
      return true
    } catch (error) {
      if (['BLOCK_NOT_LOCAL', 'CORRUPT_BLOCK', 'HASH_MISMATCH'].some(code => isCairnError(error, code as never)))
        return false
      throw error
    }
  }

  /** Undefined if nothing had to wait. */
  #store(cid: CID, bytes: Uint8Array, crc: number, linked: boolean): Promise<void> | undefined {
    const { writer, database, epoch } = this.#options
    const key = blockKey(cid)
    const mh = cid.multihash.bytes
    const pending = writer.pending(key)
    if (pending !== undefined && willStand(pending) && (!linked || (pending.flags & HAS_LINKS) !== 0)) {
      this.#remember(pending.group)
      return undefined
    }
    // Small blocks are looked up by the committer, many in one go.
    const row = bytes.byteLength < LOOK_FIRST_BYTES ? undefined : database.get<IndexRow>(SELECT_ROW, mh)
    const have = row !== undefined && row.kept === 1 && row.pack !== PLACE_BAD
    if (have && row.epoch >= epoch && (row.links === 1 || !linked)) return undefined
    const met = have || (pending !== undefined && (pending.flags & CACHED) === 0)
    const flags = (linked ? HAS_LINKS : 0) | (met ? MET : 0)
    const outcome = writer.add(key, { mh, bytes, size: bytes.byteLength, crc, flags })
    if (outcome instanceof Group) {
      this.#remember(outcome)
      return undefined
    }
    return outcome.then(() => this.#check()).then(() => this.#store(cid, bytes, crc, linked))
  }

  async #meet(cid: CID, record: NewRecord): Promise<void> {
    const key = blockKey(cid)
    for (;;) {
      const outcome = this.#options.writer.add(key, record)
      if (outcome instanceof Group) {
        this.#met.set(key, { cid, group: outcome })
        this.#remember(outcome)
        return
      }
      await this.#counted(outcome)
      this.#check()
    }
  }

  #remember(group: Group): void {
    if (this.#groups.has(group)) return
    this.#groups.add(group)
    group.done.then(
      () => this.#settled(group),
      error => this.fail(error),
    )
  }

  #settled(group: Group): void {
    this.#groups.delete(group)
    for (const [key, met] of this.#met) if (met.group === group) this.#met.delete(key)
  }

  /** A put that waits for room belongs to the next flush, awaited by its caller or not. */
  #counted(waiting: Promise<void>): Promise<void> {
    this.#waiting++
    const counted = waiting.finally(() => this.#waiting--)
    this.#lastWait = Promise.allSettled([this.#lastWait, counted]).then(() => undefined)
    return counted
  }

  fail(error: unknown): void {
    this.#failure ??= { error }
  }

  /** Blocks that were here when it met them and are gone now. */
  missing(keys: ReadonlySet<string>): void {
    for (const [key, { cid }] of this.#met) {
      if (keys.has(key)) this.fail(new CairnError('BLOCK_NOT_LOCAL', `block ${cid} was removed meanwhile; try again`))
    }
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#ended) throw new CairnError('INTERNAL', 'the operation has ended')
  }

  async flush(): Promise<void> {
    while (this.#waiting > 0) await this.#lastWait
    this.#check()
    await Promise.all([...this.#groups].map(group => this.#options.writer.flush(group)))
    this.#check()
  }

  async finish(statements: readonly Statement[] = []): Promise<void> {
    while (this.#waiting > 0) await this.#lastWait
    // What it met without bytes must be known to stand before anything is made of it.
    if (this.#met.size > 0) await this.flush()
    this.#check()
    await this.#options.writer.run({ type: 'finish', operation: this.#options.id, statements }, () => this.#check())
    this.#end()
  }

  async abort(): Promise<void> {
    if (this.#ended) return
    this.#end()
    await this.#options.writer.run({ type: 'abort', operation: this.#options.id })
  }

  #end(): void {
    this.#ended = true
    this.#options.onEnd(this)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Where nothing can be written any more its row stays until its lease is found dead.
    await this.abort().catch(() => undefined)
  }
}

/** The text of a CID takes longer to make than the check. */
function checkSize(cid: CID, bytes: Uint8Array): void {
  if (bytes.byteLength > LIMITS.blockBytes.value) enforce('blockBytes', bytes.byteLength, `block ${cid}`)
}

/** Whatever becomes of a row, its commit leaves it kept: the bytes are at hand. */
const willStand = ({ flags, hasBytes }: Pending): boolean => hasBytes && (flags & CACHED) === 0
