// Every distinct block below a root, once, depth first in the order of links, with reads ahead.

import type { CID } from 'multiformats/cid'
import { isIdentity } from '../block/cid.ts'
import { DigestKeys } from '../block/digest-keys.ts'
import { DigestSet } from '../block/digest-set.ts'
import { checkDigest } from '../block/hash.ts'
import { mayLink, scanLinks } from '../block/links.ts'
import type { BlockSource, Wait } from '../block/source.ts'
import { childSignal } from '../block/waiting.ts'
import { type CairnError, isCairnError } from '../errors.ts'
import { enforce } from '../limits.ts'
import { createPace } from '../store/collect/pace.ts'
import { loadBlock, readingBlock } from './blocks.ts'

export interface WalkOptions extends Wait {
  /** Blocks read at once below one node, default 8; four times as many in the whole walk. */
  readonly concurrency?: number
  /** Blocks of codecs without links are yielded unread unless this says otherwise. */
  readonly readLeaves?: boolean | ((cid: CID) => boolean)
  /** Called for a block that cannot be had or read, which is then left out; without it the walk fails. */
  readonly onMissing?: (cid: CID, error: CairnError) => void
  /**
   * `cid`: a block under two CIDs comes twice, as in a CAR; `none`: each time it is met. Default: blocks are the same if
   * their multihash is.
   */
  readonly distinct?: 'multihash' | 'cid' | 'none'
  /** Which links are followed; default all of them. */
  readonly linksOf?: (cid: CID, bytes: Uint8Array) => readonly CID[]
}

export interface WalkedBlock {
  readonly cid: CID
  /** Undefined for leaves that were not read. */
  readonly bytes: Uint8Array | undefined
  readonly hasLinks: boolean
}

type Load = Uint8Array | undefined | Promise<Uint8Array | undefined>

interface Pending {
  readonly cid: CID
  readonly load: Load
}

interface Frame {
  readonly links: readonly CID[]
  index: number
  readonly pending: Pending[]
}

export async function* walkDag(source: BlockSource, root: CID, options: WalkOptions): AsyncGenerator<WalkedBlock> {
  const stop = new AbortController()
  const lookahead = new Lookahead(source, { ...options, signal: childSignal(options.signal, stop.signal) })
  const seen = new Seen(options.distinct ?? 'multihash')
  const pace = createPace(options.signal)
  const frames: Frame[] = [{ links: [root], index: 0, pending: [] }]
  let blocks = 0
  let waiting = 0
  try {
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const next = lookahead.take(frame, seen)
      if (next === undefined) {
        frames.pop()
        waiting -= frame.links.length
        continue
      }
      await pace()
      const isNew = seen.add(next.cid)
      if (!isNew && !seen.expands(next.cid)) continue
      const block = await open(next, seen, options)
      if (block === undefined) continue
      const { cid, bytes, links } = block
      enforce('walkBlocks', ++blocks, `blocks below ${root}`)
      if (isNew) yield { cid, bytes, hasLinks: links.length > 0 }
      if (links.length === 0) continue
      enforce('dagDepth', frames.length, `levels below ${root}`)
      waiting += links.length
      enforce('walkLinks', waiting, `links below ${root}`)
      frames.push({ links, index: 0, pending: [] })
    }
  } finally {
    stop.abort()
  }
}

interface OpenedBlock {
  readonly cid: CID
  readonly bytes: Uint8Array | undefined
  readonly links: readonly CID[]
}

/** Undefined if it cannot be had or read and somebody was told so. */
async function open({ cid, load }: Pending, seen: Seen, options: WalkOptions): Promise<OpenedBlock | undefined> {
  const { linksOf = linksOfBlock, onMissing } = options
  try {
    const bytes = load instanceof Promise ? await load : load
    return { cid, bytes, links: bytes !== undefined && seen.expand(cid) ? linksOf(cid, bytes) : NO_LINKS }
  } catch (error) {
    if (onMissing === undefined || !isAboutBlock(error)) throw error
    onMissing(cid, error)
    return undefined
  }
}

/** Distinct blocks below a root, identity CIDs included, and the sum of their sizes. */
export async function dagStat(
  source: BlockSource,
  root: CID,
  options: Wait,
): Promise<{ blocks: number; totalBytes: number }> {
  let blocks = 0
  let totalBytes = 0
  // A leaf whose size the source knows and that is here need not be read to be counted.
  const readLeaves = (cid: CID) => source.size?.(cid) === undefined
  for await (const { cid, bytes } of walkDag(source, root, { ...options, readLeaves })) {
    blocks++
    totalBytes += bytes?.byteLength ?? source.size?.(cid) ?? 0
  }
  return { blocks, totalBytes }
}

const NO_LINKS: readonly CID[] = []

const linksOfBlock = (cid: CID, bytes: Uint8Array): readonly CID[] =>
  mayLink(cid.code) ? readingBlock(cid, () => scanLinks(cid.code, bytes)) : NO_LINKS

const isAboutBlock = (error: unknown): error is CairnError =>
  isCairnError(error) && error.code !== 'CANCELLED' && error.code !== 'LIMIT'

/** Starts the reads of a frame's links in order, so many ahead as the whole walk may have. */
class Lookahead {
  readonly #source: BlockSource
  readonly #options: WalkOptions
  readonly #ahead: number
  #pending = 0

  constructor(source: BlockSource, options: WalkOptions) {
    this.#source = source
    this.#options = options
    this.#ahead = options.concurrency ?? 8
  }

  take(frame: Frame, seen: Seen): Pending | undefined {
    const { links, pending } = frame
    while (frame.index < links.length && pending.length < this.#ahead) {
      if (pending.length > 0 && this.#pending >= this.#ahead * 4) break
      const cid = links[frame.index++] as CID
      if (!seen.isNew(cid)) continue
      pending.push({ cid, load: this.#load(cid) })
      this.#pending++
    }
    if (pending.length > 0) this.#pending--
    return pending.shift()
  }

  /** Failures come when the block's turn comes, which may be never. */
  #load(cid: CID): Load {
    const load = this.#begin(cid)
    if (load instanceof Promise) load.catch(() => {})
    return load
  }

  #begin(cid: CID): Load {
    const { readLeaves = false } = this.#options
    const isRead = mayLink(cid.code) || (typeof readLeaves === 'function' ? readLeaves(cid) : readLeaves)
    try {
      checkDigest(cid.multihash)
      if (!isRead && !isIdentity(cid)) return undefined
      return loadBlock(this.#source, cid, this.#options)
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

/** What has been met: a block is yielded once, but followed once under each codec that reads other links in it. */
class Seen {
  readonly #distinct: 'multihash' | 'cid' | 'none'
  readonly #keys = new DigestKeys()
  readonly #met = new DigestSet({ words: 4 })
  readonly #expanded = new DigestSet({ words: 4 })

  constructor(distinct: 'multihash' | 'cid' | 'none') {
    this.#distinct = distinct
  }

  isNew(cid: CID): boolean {
    return this.#isNone || !this.#met.has(this.#keys.of(cid.multihash.bytes), this.#salt(cid)) || this.expands(cid)
  }

  /** True if it is to be yielded. */
  add(cid: CID): boolean {
    return this.#isNone || this.#met.add(this.#keys.of(cid.multihash.bytes), this.#salt(cid))
  }

  /** Whether its links under this codec have not been followed yet. */
  expands(cid: CID): boolean {
    return mayLink(cid.code) && !this.#expanded.has(this.#keys.of(cid.multihash.bytes), this.#expandedSalt(cid))
  }

  expand(cid: CID): boolean {
    if (this.#isNone) return mayLink(cid.code)
    return mayLink(cid.code) && this.#expanded.add(this.#keys.of(cid.multihash.bytes), this.#expandedSalt(cid))
  }

  get #isNone(): boolean {
    return this.#distinct === 'none'
  }

  #salt(cid: CID): number {
    return this.#distinct === 'cid' ? this.#expandedSalt(cid) : 0
  }

  #expandedSalt({ code, version }: CID): number {
    return this.#distinct === 'cid' ? code * 2 + version + 1 : code + 1
  }
}
