// The leaves of a file in order: a walk that pulls, with a bounded number of reads ahead and every size checked.

import type { CID } from 'multiformats/cid'
import { blockKey, DAG_PB, RAW } from '../../block/cid.ts'
import type { BlockSource, BorrowedBlock, Wait } from '../../block/source.ts'
import { childSignal } from '../../block/waiting.ts'
import { enforce, LIMITS } from '../../limits.ts'
import { badBlock, borrowBlock, loadBlock } from '../blocks.ts'
import { isContent, readNode, type UnixfsNode } from './node.ts'

/** Reads in flight below one node; more gained nothing on disks and networks measured. */
const READ_AHEAD = 4
/** Reads in flight in the whole walk, whatever the shape of the tree. */
const MAX_PENDING = 8

/** In all walks of this process, whose readers may be slow and many. */
let aheadBytes = 0
const bytesAhead = ({ sizeBytes }: Part): number => Math.min(sizeBytes, LIMITS.blockBytes.value)
const hasRoomAhead = (): boolean => aheadBytes < LIMITS.readAheadBytes.value

export interface Leaf extends BorrowedBlock {
  /** Where its first byte lies in the file. */
  readonly start: number
}

interface Part {
  readonly cid: CID
  readonly start: number
  readonly sizeBytes: number
  readonly block: BorrowedBlock | Promise<BorrowedBlock>
}

interface Frame {
  readonly node: UnixfsNode
  /** The next child to be read, and where it begins. */
  index: number
  start: number
  readonly pending: Part[]
}

export interface LeavesOptions extends Wait {
  readonly from: number
  readonly to: number
  readonly reuse: boolean
}

const nothing = () => {}

export class Leaves {
  readonly #source: BlockSource
  readonly #options: LeavesOptions
  readonly #stop = new AbortController()
  readonly #wait: Wait
  readonly #frames: Frame[] = []
  /** Empty parts that were seen to be empty: a bomb of them is as small as its distinct blocks (H21). */
  readonly #empty = new Set<string>()
  #pending = 0
  #visits = 0

  /** `root` is a node whose own data, if any, has been taken by the caller. */
  constructor(source: BlockSource, root: UnixfsNode, options: LeavesOptions) {
    this.#source = source
    this.#options = options
    this.#wait = { signal: childSignal(options.signal, this.#stop.signal) }
    this.#descend(root, 0)
  }

  /** The next leaf that has bytes of the range, or undefined after the last. The caller releases it. */
  async next(): Promise<Leaf | undefined> {
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      this.#options.signal.throwIfAborted()
      const part = this.#take(frame)
      if (part === undefined) {
        this.#frames.pop()
        continue
      }
      enforce('readVisits', ++this.#visits, `nodes of one file`)
      const leaf = this.#open(part, part.block instanceof Promise ? await part.block : part.block)
      if (leaf !== undefined) return leaf
    }
    return undefined
  }

  /** Ends what is still being read; nothing goes on afterwards. */
  close(): void {
    this.#stop.abort()
    for (const { pending } of this.#frames.splice(0)) {
      for (const part of pending) {
        const { block } = part
        aheadBytes -= bytesAhead(part)
        if (block instanceof Promise) block.then(read => read.release(), nothing)
        else block.release()
      }
    }
  }

  #take(frame: Frame): Part | undefined {
    const { pending } = frame
    // A node that is certainly no leaf leads to leaves that will be read ahead themselves.
    const ahead = () => (pending.length > 0 && isInner(pending[0] as Part) ? 1 : READ_AHEAD)
    while (pending.length === 0 || (pending.length < ahead() && this.#pending < MAX_PENDING && hasRoomAhead())) {
      const part = this.#start(frame)
      if (part === undefined) break
      pending.push(part)
      this.#pending++
      aheadBytes += bytesAhead(part)
    }
    const part = pending.shift()
    if (part === undefined) return undefined
    this.#pending--
    aheadBytes -= bytesAhead(part)
    return part
  }

  /** Begins to read the frame's next child that the range needs. */
  #start(frame: Frame): Part | undefined {
    const { links, unixfs } = frame.node
    while (frame.index < links.count) {
      const { index, start } = frame
      const sizeBytes = unixfs.blockSizes[index] as number
      frame.index++
      frame.start += sizeBytes
      if (!this.#isWanted(start, sizeBytes)) continue
      const cid = links.cidView(index)
      if (sizeBytes === 0 && this.#empty.has(emptyKey(cid))) continue
      return { cid, start, sizeBytes, block: this.#read(cid, sizeBytes) }
    }
    return undefined
  }

  /** Empty parts between others must be what they say, too. */
  #isWanted(start: number, sizeBytes: number): boolean {
    const { from, to } = this.#options
    return sizeBytes === 0 ? start >= from && start <= to : start < to && start + sizeBytes > from
  }

  #read(cid: CID, sizeBytes: number): BorrowedBlock | Promise<BorrowedBlock> {
    if (cid.code !== RAW && cid.code !== DAG_PB) throw badBlock(cid, 'is part of a file and is neither raw nor dag-pb')
    const isLeaf = sizeBytes <= LIMITS.blockBytes.value
    if (isLeaf && this.#options.reuse) {
      const block = borrowBlock(this.#source, cid, this.#wait)
      if (block instanceof Promise) block.catch(nothing)
      return block
    }
    const bytes = loadBlock(this.#source, cid, this.#wait)
    if (!(bytes instanceof Promise)) return { bytes, release: nothing }
    const block = bytes.then(read => ({ bytes: read, release: nothing }))
    // It is awaited in its turn; until then its failure is not unhandled.
    block.catch(nothing)
    return block
  }

  /** A leaf if it has bytes of its own; its children, if any, come next. */
  #open({ cid, start, sizeBytes }: Part, block: BorrowedBlock): Leaf | undefined {
    if (sizeBytes === 0) this.#empty.add(emptyKey(cid))
    try {
      if (cid.code === RAW) {
        checkSize(cid, block.bytes.byteLength, sizeBytes)
        return this.#leaf(block, block.bytes, start)
      }
      let node = readNode(cid, block.bytes)
      if (!isContent(node.unixfs)) throw badBlock(cid, 'is part of a file and no file itself')
      checkSize(cid, node.unixfs.sizeBytes, sizeBytes)
      if (node.links.count === 0) return this.#leaf(block, node.unixfs.data, start)
      // The children are looked at long after a borrowed buffer has been given back.
      node = readNode(cid, new Uint8Array(block.bytes))
      this.#descend(node, start)
      const { data } = node.unixfs
      block.release()
      return this.#leaf({ bytes: data, release: nothing }, data, start)
    } catch (error) {
      block.release()
      throw error
    }
  }

  #descend(node: UnixfsNode, start: number): void {
    enforce('fileDepth', this.#frames.length + 1, 'levels of one file')
    this.#frames.push({ node, index: 0, start: start + node.unixfs.data.byteLength, pending: [] })
  }

  #leaf(block: BorrowedBlock, content: Uint8Array, start: number): Leaf | undefined {
    const bytes = clip(content, start, this.#options)
    if (bytes.byteLength > 0) return { bytes, start, release: () => block.release() }
    block.release()
    return undefined
  }
}

const isInner = ({ sizeBytes }: Part): boolean => sizeBytes > LIMITS.blockBytes.value

const emptyKey = (cid: CID): string => `${cid.code} ${blockKey(cid)}`

function checkSize(cid: CID, actual: number, declared: number): void {
  if (actual !== declared) throw badBlock(cid, `has ${actual} bytes of a file, but its parent says ${declared}`)
}

/** What of `bytes`, which begin at `start` of the file, lies in the range. */
export function clip(bytes: Uint8Array, start: number, { from, to }: { from: number; to: number }): Uint8Array {
  const first = Math.max(0, from - start)
  const end = Math.min(bytes.byteLength, to - start)
  return first === 0 && end === bytes.byteLength ? bytes : bytes.subarray(first, Math.max(first, end))
}
