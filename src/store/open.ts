// Opening the store: its parts put together behind the one interface that the rest of Cairn knows.

import { crc32 } from 'node:zlib'
import type { CID } from 'multiformats/cid'
import { blockKey, isIdentity } from '../block/cid.ts'
import { verifyBlock } from '../block/hash.ts'
import { hasLinks } from '../block/links.ts'
import type { BorrowedBlock, Wait } from '../block/source.ts'
import { enforce, LIMITS } from '../limits.ts'
import { type Logger, SILENT } from '../observe/log.ts'
import { METRICS } from '../observe/metrics.ts'
import { Changes } from './database/changes.ts'
import { type Database, type DatabaseOptions, openDatabase } from './database/database.ts'
import { PLACE_BAD } from './database/schema.ts'
import { mayBeFull } from './database/sqlite-error.ts'
import { guardStops, StopGate } from './database/stop-gate.ts'
import { repoPaths } from './paths.ts'
import { BlockCache } from './read/cache.ts'
import { CacheUse } from './read/cache-use.ts'
import { PackFiles } from './read/pack-files.ts'
import { describePlace } from './read/quarantine.ts'
import { BlockReader } from './read/reader.ts'
import { checkRepoExists } from './repo.ts'
import { groupsPerCommit, readUsage } from './room/quota.ts'
import { refillReserve, releaseReserve } from './room/reserve.ts'
import type {
  BlockStat,
  Operation,
  OperationKind,
  RemoveOptions,
  Statement,
  Store,
  StoreCounters,
  StoreOptions,
  WriteOptions,
} from './store.ts'
import { CommitThread } from './write/commit-thread.ts'
import { Committer } from './write/committer.ts'
import { BlockFiles } from './write/files.ts'
import { StoreOperation } from './write/operation.ts'
import { CACHED, HAS_LINKS } from './write/record.ts'
import { Writer } from './write/writer.ts'

/** NO_REPO if there is none; REPO_NEWER, REPO_UNSUITABLE, REPO_DAMAGED. */
export async function openStore(options: StoreOptions): Promise<Store> {
  checkRepoExists(options.path)
  const store = new RepoStore(options)
  if (store.openedWithReserve) await refillReserve(repoPaths(options.path).reserve)
  return store
}

class RepoStore implements Store {
  readonly path: string
  readonly database: Database
  readonly openedWithReserve: boolean
  readonly #options: StoreOptions
  readonly #log: Logger
  readonly #cache: BlockCache
  readonly #packs: PackFiles
  readonly #cacheUse: CacheUse
  readonly #changes: Changes
  readonly #writer: Writer
  readonly #reader: BlockReader
  readonly #operations = new Set<StoreOperation>()
  readonly #guard: Disposable

  constructor(options: StoreOptions) {
    const { path, maxBytes, verify, cacheBytes, log = SILENT } = options
    this.path = path
    this.#options = options
    this.#log = log
    const { database, usedReserve } = openEvenIfFull(path, log, options.gate)
    this.database = database
    this.openedWithReserve = usedReserve
    this.#guard = guardStops(new StopGate())
    this.#cache = new BlockCache(cacheBytes)
    this.#packs = new PackFiles({ path, database })
    this.#cacheUse = new CacheUse(options.noteUse ?? (statements => this.write(statements)))
    this.#changes = new Changes(database)
    const start = { path, maxBytes, file: database.file }
    this.#writer = new Writer({
      host:
        options.commit === 'worker'
          ? new CommitThread({ ...start, log })
          : new Committer({ ...start, database, growReserve: false }),
      groupsPerCommit: groupsPerCommit(maxBytes),
      makeRoom: async () => options.makeRoom?.(this),
      onCommit: multihashes => this.#changes.committed(multihashes),
      onReadOnly: error => database.turnReadOnly(error),
      onMissing: multihashes => this.#tellMissing(multihashes),
    })
    this.#reader = new BlockReader({
      path,
      database,
      verify,
      cache: this.#cache,
      packs: this.#packs,
      files: new BlockFiles(path),
      writer: this.#writer,
      cacheUse: this.#cacheUse,
      onBad: block => log.error('a stored block is damaged', { cid: String(block.cid), ...describePlace(path, block) }),
    })
  }

  get(cid: CID, options: Wait): Promise<Uint8Array> {
    return this.#reader.get(cid, options)
  }

  has(cid: CID): boolean {
    return this.#reader.has(cid)
  }

  peek(cid: CID): Uint8Array | undefined {
    return this.#reader.peek(cid)
  }

  lend(cid: CID): BorrowedBlock | undefined {
    return this.#reader.lend(cid)
  }

  borrow: Store['borrow'] = (cid, options) => this.#reader.borrow(cid, options)

  stat(cid: CID): BlockStat | undefined {
    if (isIdentity(cid)) return { sizeBytes: cid.multihash.digest.byteLength, kept: true }
    const row = this.#row(cid)
    if (row !== undefined) return row.pack === PLACE_BAD ? undefined : { sizeBytes: row.size, kept: row.kept === 1 }
    const pending = this.#writer.pending(blockKey(cid))
    return pending && { sizeBytes: pending.size, kept: (pending.flags & CACHED) === 0 }
  }

  size(cid: CID): number | undefined {
    return this.stat(cid)?.sizeBytes
  }

  #row(cid: CID): { size: number; kept: number; pack: number } | undefined {
    return this.database.get('SELECT size, kept, pack FROM blocks WHERE mh = ?', cid.multihash.bytes)
  }

  async begin(kind: OperationKind): Promise<Operation> {
    const { operation: id, epoch } = await this.#writer.run({ type: 'begin', kind })
    const operation = new StoreOperation({
      id,
      epoch,
      writer: this.#writer,
      database: this.database,
      read: (cid, wait) => this.get(cid, wait),
      onEnd: ended => this.#operations.delete(ended),
    })
    this.#operations.add(operation)
    return operation
  }

  #tellMissing(multihashes: readonly Uint8Array[]): void {
    const keys = new Set(multihashes.map(mh => Buffer.from(mh).toString('latin1')))
    for (const operation of this.#operations) operation.missing(keys)
  }

  async cache(cid: CID, bytes: Uint8Array): Promise<void> {
    if (isIdentity(cid)) return
    enforce('blockBytes', bytes.byteLength, `block ${cid}`)
    verifyBlock(cid, bytes)
    const key = blockKey(cid)
    const row = this.#row(cid)
    if (row?.pack === PLACE_BAD) return this.#heal(cid, bytes)
    if (row !== undefined || this.#writer.pending(key) !== undefined) return
    if (bytes.byteLength <= LIMITS.inlineBytes.value) this.#cache.set(key, bytes)
    const record = {
      mh: cid.multihash.bytes,
      bytes,
      size: bytes.byteLength,
      crc: crc32(bytes),
      flags: CACHED | (hasLinks(cid.code, bytes) ? HAS_LINKS : 0),
    }
    // A cache that is behind does without: readers do not wait for it.
    this.#writer.offer(key, record)
  }

  /** A kept block that was damaged and came back: kept again, for the pins that rely on it. */
  async #heal(cid: CID, bytes: Uint8Array): Promise<void> {
    await using operation = await this.begin('put')
    await operation.put({ cid, bytes, hasLinks: hasLinks(cid.code, bytes) })
    await operation.finish()
    METRICS.repairedBlocks.add()
    this.#log.info('a damaged block was fetched again', { cid: String(cid) })
  }

  write(statements: readonly Statement[], { freesRoom = false }: WriteOptions = {}): Promise<readonly number[]> {
    return this.#writer.run({ type: 'write', statements, freesRoom })
  }

  async remove(cid: CID, { signal, seen }: RemoveOptions): Promise<boolean | 'changed'> {
    signal.throwIfAborted()
    if (isIdentity(cid)) return false
    this.#cache.delete(blockKey(cid))
    return this.#writer.run({ type: 'remove', mh: cid.multihash.bytes, seen })
  }

  counters(): StoreCounters {
    const packs = this.database.get<{ n: number }>('SELECT count(*) AS n FROM packs')?.n ?? 0
    return { ...readUsage(this.database, this.path), maxBytes: this.#options.maxBytes, packs }
  }

  onCommit: Store['onCommit'] = listener => this.#changes.listen(listener)

  async [Symbol.asyncDispose](): Promise<void> {
    this.#changes[Symbol.dispose]()
    // A command's few reads are not worth a write; a daemon's are.
    if (this.#options.commit === 'worker') await this.#cacheUse.flush().catch(() => undefined)
    this.#cacheUse[Symbol.dispose]()
    this.#packs[Symbol.dispose]()
    try {
      await this.#writer[Symbol.asyncDispose]()
    } finally {
      this.database[Symbol.dispose]()
      this.#guard[Symbol.dispose]()
    }
  }
}

/** On a disk that is full to the last byte SQLite cannot even be read: the reserve makes room for that (spec: store §7). */
function openEvenIfFull(
  path: string,
  log: Logger,
  gate: StopGate | undefined,
): { database: Database; usedReserve: boolean } {
  const { database: file, reserve } = repoPaths(path)
  const how: DatabaseOptions = gate === undefined ? { log } : { log, gate, waiting: 'block' }
  try {
    return { database: openDatabase(file, how), usedReserve: false }
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error
    if (!mayBeFull(cause) || !releaseReserve(reserve)) throw error
    log.warn('the disk is full: opening with the reserve')
    return { database: openDatabase(file, how), usedReserve: true }
  }
}
