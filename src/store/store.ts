// The store as the rest of Cairn sees it: one door to blocks in three places, and operations that make them durable.

import type { CID } from 'multiformats/cid'
import type { BlockSink, BlockSource, BorrowedBlock, Wait } from '../block/source.ts'
import type { Logger } from '../observe/log.ts'
import type { Database } from './database/database.ts'
import type { StopGate } from './database/stop-gate.ts'

/** One SQL statement of a write transaction, as data, so that the commit worker can run it. */
export interface Statement {
  readonly sql: string
  readonly params: readonly (string | number | bigint | null | Uint8Array)[]
  /** Rows it must change; another number rolls the whole transaction back with `otherwise`. */
  readonly expect?: {
    readonly changes: number
    readonly otherwise: { readonly code: 'NOT_PINNED' | 'NOT_FOUND'; readonly message: string }
  }
}

export interface BlockStat {
  readonly sizeBytes: number
  readonly kept: boolean
}

/** A `backup` puts nothing: while it lives, no file is unlinked (`collect/hold.ts`). */
export type OperationKind = 'add' | 'import' | 'pin' | 'put' | 'backup'

/** What was put or met since `begin` is safe from collection until the operation ends, and for `store.grace` after it. */
export interface Operation extends BlockSink, AsyncDisposable {
  /** Of its row, which is there as long as it lives. */
  readonly id: number
  /** As `put`, but hashes the bytes first: the door for blocks that others made. HASH_MISMATCH, UNSUPPORTED_HASH, LIMIT. */
  putVerified(cid: CID, bytes: Uint8Array, options: Wait): Promise<void>
  /** Says that this block, if it is here, is needed now; false if it is not here (or only cached: then it is made kept first). */
  keep(cid: CID, options: KeepOptions): Promise<boolean>
  /** Resolves when everything put or kept so far is durable. */
  flush(): Promise<void>
  /**
   * Flushes, then runs `statements` in the last transaction of this operation, which checks that its lease still stands.
   * With statements it has left a root; without, what it put counts as in use for `store.grace`.
   */
  finish(statements?: readonly Statement[]): Promise<void>
  /** Ends it without a last transaction; idempotent, also the effect of disposing an unfinished one. */
  abort(): Promise<void>
}

export interface KeepOptions extends Wait {
  /** Whether there are links in it. Left out, the store looks, so that a block that came in as raw is never taken for a leaf. */
  readonly hasLinks?: boolean
}

export interface WriteOptions {
  /** May use the reserve when the disk is full: for what frees room (unpin, gc) and nothing else. */
  readonly freesRoom?: boolean
}

/** A block and the roots as they were when somebody judged that nothing keeps it. */
export interface SeenBlock {
  readonly rootsVersion: number
  /** Of its row. */
  readonly epoch: number
}

export interface RemoveOptions extends Wait {
  /** Only while all is as it was seen. */
  readonly seen?: SeenBlock
}

export interface StoreCounters {
  readonly blocks: number
  readonly blockBytes: number
  readonly diskBytes: number
  readonly maxBytes: number
  readonly packs: number
}

export interface Store extends BlockSource, AsyncDisposable {
  /** The repository's folder. */
  readonly path: string
  readonly database: Database
  stat(cid: CID): BlockStat | undefined
  lend(cid: CID): BorrowedBlock | undefined
  begin(kind: OperationKind): Promise<Operation>
  /** A block fetched for a reader: hashed at the door, not synced, evicted when room is needed. */
  cache(cid: CID, bytes: Uint8Array): Promise<void>
  /** One write transaction; resolves with the rows each statement changed. */
  write(statements: readonly Statement[], options?: WriteOptions): Promise<readonly number[]>
  /** Forgets one block at once, whatever keeps it; false if it is not here. FORBIDDEN while an operation may rely on it. */
  remove(cid: CID, options: RemoveOptions): Promise<boolean | 'changed'>
  counters(): StoreCounters
  /** Called after each commit of this process, and when another process has committed (by PRAGMA data_version). */
  onCommit(listener: (multihashes: readonly Uint8Array[]) => void): () => void
}

export interface StoreOptions {
  readonly path: string
  readonly maxBytes: number
  readonly cacheBytes: number
  readonly graceMs: number
  readonly verify: 'crc' | 'full'
  /** `inline`: commit on this thread (short commands); `worker`: on a thread of its own (daemon). */
  readonly commit: 'inline' | 'worker'
  readonly log?: Logger
  /** Called once before a write is refused for want of room: evicts, collects. */
  readonly makeRoom?: (store: Store) => Promise<void>
  /** Where it is noted which cached blocks are in use, in place of here: for processes that only read. */
  readonly noteUse?: (statements: readonly Statement[]) => Promise<unknown>
  /** For a worker thread: it sleeps while it waits for the mutex, and the main thread stops it between its transactions. */
  readonly gate?: StopGate
}
