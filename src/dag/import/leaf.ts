// A leaf of a file: a piece of content as a block of its own, framed where it lies so that it is never copied.

import type { CID } from 'multiformats/cid'
import { DAG_PB, RAW } from '../../block/cid.ts'
import { varintBytes, writeVarint } from './bytes.ts'
import type { HashThreads } from './hash-threads.ts'
import { isEmptyMetadata, type Metadata, NO_METADATA } from './metadata.ts'
import type { Recipe } from './recipe.ts'
import type { SlabPool, Slot } from './slabs.ts'
import { leafEnd, UNIXFS_FILE, UNIXFS_RAW } from './unixfs.ts'
import type { Block, BlockWriter, Child, Codec } from './writer.ts'

/** Content in a slot, with room around it for the framing. */
export interface Chunk {
  readonly slot: Slot
  readonly start: number
  readonly length: number
  /** It is the whole file: then the metadata go into it. */
  readonly only: boolean
}

/** Where the content lies, for its framing. */
interface Place {
  readonly slot: Pick<Slot, 'slab'> & Partial<Pick<Slot, 'release'>>
  readonly start: number
  readonly length: number
}

export interface SealedLeaf {
  readonly cid: CID
  readonly block: Block
  readonly fileBytes: number
}

const HEAD_BYTES = 16
const TAIL_BYTES = 32

/** Room that a leaf takes in front of and behind its content. */
export const framing = ({ rawLeaves }: Recipe): { head: number; tail: number } =>
  rawLeaves ? { head: 0, tail: 0 } : { head: HEAD_BYTES, tail: TAIL_BYTES }

/** Room for one leaf of the largest size, and one byte to see that there is more. */
export function leafRoom(recipe: Recipe): number {
  const { head, tail } = framing(recipe)
  return head + recipe.chunker.maxBytes + 1 + tail
}

export const leafCodec = ({ rawLeaves }: Recipe): Codec => (rawLeaves ? RAW : DAG_PB)

/** The framing is written; the content may follow later. */
export function blockOf({ rawLeaves, trickle }: Recipe, chunk: Place, metadata: Metadata): Block {
  const { slot, start, length } = chunk
  const { release } = slot
  if (rawLeaves) return { codec: RAW, bytes: slot.slab.subarray(start, start + length), release }
  const type = trickle ? UNIXFS_RAW : UNIXFS_FILE
  return { codec: DAG_PB, bytes: frame(chunk, type, metadata), release }
}

/** Writes the UnixFS and dag-pb fields into the bytes around the content. */
function frame({ slot: { slab }, start, length }: Place, type: number, metadata: Metadata): Uint8Array<ArrayBuffer> {
  let end = start + length
  if (isEmptyMetadata(metadata)) {
    slab[end] = 0x18
    end = writeVarint(slab, end + 1, length)
  } else {
    const tail = leafEnd(length, metadata)
    slab.set(tail, end)
    end += tail.length
  }
  const contentHead = length === 0 ? 0 : 1 + varintBytes(length)
  const messageStart = start - contentHead - 2
  const messageBytes = end - messageStart
  const blockStart = messageStart - 1 - varintBytes(messageBytes)
  slab[blockStart] = 0x0a
  const typeAt = writeVarint(slab, blockStart + 1, messageBytes)
  slab[typeAt] = 0x08
  slab[typeAt + 1] = type
  if (length > 0) {
    slab[typeAt + 2] = 0x12
    writeVarint(slab, typeAt + 3, length)
  }
  return slab.subarray(blockStart, end)
}

export class LeafMaker {
  readonly writer: BlockWriter
  readonly pool: SlabPool
  /** For large local files. */
  readonly threads: HashThreads | undefined

  constructor(writer: BlockWriter, pool: SlabPool, threads?: HashThreads) {
    this.writer = writer
    this.pool = pool
    this.threads = threads
  }

  /** Hashed on this thread if it is small, else a promise. */
  seal(chunk: Chunk, metadata: Metadata): SealedLeaf | Promise<SealedLeaf> {
    const { recipe } = this.writer
    // In the trickle layout even a single leaf has a node above it, which takes the metadata.
    const isRoot = chunk.only && !recipe.trickle
    const block = blockOf(recipe, chunk, isRoot ? metadata : NO_METADATA)
    const sealed = (cid: CID): SealedLeaf => ({ cid, block, fileBytes: chunk.length })
    const cid = this.writer.cidOfLarge(block.codec, block.bytes)
    return cid instanceof Promise ? cid.then(sealed) : sealed(cid)
  }

  /** A small leaf, at once: hashed and put. */
  put(chunk: Chunk, metadata: Metadata): Child {
    const block = blockOf(this.writer.recipe, chunk, metadata)
    const totalBytes = block.bytes.length
    const cid = this.writer.cidOf(block.codec, block.bytes)
    this.writer.put(cid, block, false)
    return { cid, fileBytes: chunk.length, totalBytes }
  }
}
