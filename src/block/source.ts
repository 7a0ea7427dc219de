// What the DAG code knows of the world: somewhere to get blocks, somewhere to put them. Not a store, not a network.

import type { CID } from 'multiformats/cid'

export interface Wait {
  readonly signal: AbortSignal
}

/** Where blocks come from. What it gives is verified or checked already (design §1.2). */
export interface BlockSource {
  /** The block's bytes; BLOCK_NOT_LOCAL, UNREACHABLE or TIMEOUT if it cannot be had. Never modified by the caller. */
  get(cid: CID, options: Wait): Promise<Uint8Array>
  /** Whether it is here, without asking any network. */
  has(cid: CID): boolean
  /** The bytes, if they are at hand without waiting (in memory or inline in the index). */
  peek(cid: CID): Uint8Array | undefined
  /** Length of the block, if that is known without reading it. */
  size?(cid: CID): number | undefined
  /** As `get`, but into a pooled buffer that must be given back: for streams of large blocks. */
  borrow(cid: CID, options: Wait): Promise<BorrowedBlock>
  /** The same without waiting, if the block is at hand. Without it there is `peek`. */
  lend?(cid: CID): BorrowedBlock | undefined
  /** How the search for what is missing goes, where this source asks anyone. */
  fetchState?(): FetchState | undefined
}

/** What is known of the peers that are asked for one root. */
export interface FetchState {
  /** Peers this node is connected with. */
  readonly connected: number
  /** Of these: asked for what is missing now, and how many have answered. */
  readonly asked: number
  readonly answered: number
  /** Peers that gave a block of this root, said that they have one, or were found to provide it. */
  readonly providers: number
  /** Searches for providers so far. */
  readonly searches: number
  /** Where nobody can be searched for: why. */
  readonly noSearch?: string
}

export interface BorrowedBlock {
  readonly bytes: Uint8Array
  /** To be called once, when nothing reads `bytes` any more. */
  release(): void
}

export interface NewBlock {
  readonly cid: CID
  readonly bytes: Uint8Array
  /** At least one link in it: decides its place, and spares the mark phase from reading leaves. */
  readonly hasLinks: boolean
  /** CRC-32 of the bytes, where it has been taken already. */
  readonly crc?: number
  /** Without it the bytes belong to the sink for good; with it they may be reused after the call. */
  readonly release?: () => void
}

/** Where an import puts blocks whose CID it has computed from these very bytes. */
export interface BlockSink {
  /** It needs the CRC-32 of each block: worth taking where there is time for it. */
  readonly wantsCrc?: boolean
  /** Resolves when there is room for the next (back-pressure), not when the block is durable. */
  put(block: NewBlock): void | Promise<void>
}
