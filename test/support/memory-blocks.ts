// Blocks in memory for tests: a BlockSource and BlockSink that counts what is asked of it.

import type { CID } from 'multiformats/cid'
import { blockKey, isIdentity } from '../../src/block/cid.ts'
import { verifyBlock } from '../../src/block/hash.ts'
import type { BlockSink, BlockSource, BorrowedBlock, NewBlock, Wait } from '../../src/block/source.ts'
import { CairnError } from '../../src/errors.ts'
import { enforce } from '../../src/limits.ts'

export class MemoryBlocks implements BlockSource, BlockSink {
  readonly blocks = new Map<string, Uint8Array>()
  /** Blocks handed out by `get` and `borrow`, in order. */
  readonly reads: CID[] = []
  /** Borrowed and not yet given back. */
  borrowed = 0
  readonly #peekable: boolean
  readonly #delayMs: number

  /** `peekable: false` makes every read wait, as a network does; `delayMs` for how long. */
  constructor({ peekable = false, delayMs = 0 }: { peekable?: boolean; delayMs?: number } = {}) {
    this.#peekable = peekable
    this.#delayMs = delayMs
  }

  put({ cid, bytes, release }: NewBlock): void {
    this.blocks.set(blockKey(cid), release === undefined ? bytes : new Uint8Array(bytes))
    release?.()
  }

  /** The door for blocks that others made, as the store has it. */
  putVerified(cid: CID, bytes: Uint8Array): void {
    enforce('blockBytes', bytes.byteLength, `block ${cid}`)
    verifyBlock(cid, bytes)
    if (isIdentity(cid)) return
    this.blocks.set(blockKey(cid), bytes)
  }

  delete(cid: CID): boolean {
    return this.blocks.delete(blockKey(cid))
  }

  has(cid: CID): boolean {
    return this.blocks.has(blockKey(cid))
  }

  peek(cid: CID): Uint8Array | undefined {
    return this.#peekable ? this.blocks.get(blockKey(cid)) : undefined
  }

  async get(cid: CID, { signal }: Wait): Promise<Uint8Array> {
    signal.throwIfAborted()
    this.reads.push(cid)
    if (this.#delayMs > 0) await new Promise(resolve => setTimeout(resolve, this.#delayMs))
    const bytes = this.blocks.get(blockKey(cid))
    if (bytes === undefined) throw new CairnError('BLOCK_NOT_LOCAL', `block ${cid} is not here`, { cid })
    return bytes
  }

  /** Gives a copy and spoils it on release, so that a use after release shows as wrong bytes. */
  async borrow(cid: CID, options: Wait): Promise<BorrowedBlock> {
    const bytes = new Uint8Array(await this.get(cid, options))
    this.borrowed++
    let released = false
    const release = () => {
      if (released) throw new Error(`block ${cid} was released twice`)
      released = true
      this.borrowed--
      bytes.fill(0xee)
    }
    return { bytes, release }
  }
}

/** What `ipfs-unixfs-importer` and `-exporter` want of a blockstore, over these blocks. */
export function asBlockstore(memory: MemoryBlocks): {
  put(cid: CID, bytes: Uint8Array): Promise<CID>
  get(cid: CID): AsyncGenerator<Uint8Array>
} {
  return {
    put: async (cid, bytes) => {
      memory.put({ cid, bytes, hasLinks: true })
      return cid
    },
    get: async function* (cid) {
      yield await memory.get(cid, { signal: new AbortController().signal })
    },
  }
}
