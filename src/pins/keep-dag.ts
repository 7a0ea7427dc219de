// The walk of a pin: visits every block of a DAG once, keeps what is here, fetches what is not, several at a time.

import type { CID } from 'multiformats/cid'
import type { PinMode, PinProgress } from '../api/pins.ts'
import { isIdentity } from '../block/cid.ts'
import { DigestSet } from '../block/digest-set.ts'
import { mayLink, scanLinks } from '../block/links.ts'
import type { BlockSource } from '../block/source.ts'
import { isCairnError } from '../errors.ts'
import { enforce, LIMITS } from '../limits.ts'
import { createPace } from '../store/collect/pace.ts'
import type { Operation, Store } from '../store/store.ts'
import { DEFAULT_CAPS, enforceCap, type WalkCaps } from './caps.ts'

/** Blocks of a codec without links are kept unread. */
const NOTHING_TO_READ = new Uint8Array(0)

export interface KeepDagOptions {
  readonly store: Store
  readonly operation: Operation
  /** Local blocks first, then the network. */
  readonly source: BlockSource
  readonly root: CID
  /** `direct` keeps the root block alone. */
  readonly mode: PinMode
  readonly signal: AbortSignal
  readonly caps?: WalkCaps
  readonly refuse?: (cid: CID) => void
  readonly onProgress?: ((progress: PinProgress) => void) | undefined
}

interface Step {
  readonly cid: CID
  readonly depth: number
}

/** When it resolves, every block is kept or put under the operation; they are durable once that has finished. */
export function keepDag(options: KeepDagOptions): Promise<void> {
  return new KeepWalk(options).run()
}

export class KeepWalk {
  readonly #options: KeepDagOptions
  readonly #caps: WalkCaps
  /** Links of the last node lie on top: depth first, so that what waits is bounded by fan-out × depth. */
  readonly #waiting: Step[]
  readonly #seen = new DigestSet({ words: 4 })
  readonly #lanes = new Set<Promise<void>>()
  readonly #stop = new AbortController()
  readonly #wait: { readonly signal: AbortSignal }
  readonly #pace: () => Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  #begun = 0
  #blocks = 0
  #bytes = 0
  #fetched = 0
  #fetching = 0
  #rootBytes: Uint8Array | undefined

  constructor(options: KeepDagOptions) {
    this.#options = options
    this.#caps = options.caps ?? DEFAULT_CAPS
    this.#waiting = [{ cid: options.root, depth: 0 }]
    this.#wait = { signal: AbortSignal.any([options.signal, this.#stop.signal]) }
    this.#pace = createPace(this.#wait.signal)
  }

  get progress(): PinProgress {
    return { blocks: this.#blocks, bytes: this.#bytes, fetched: this.#fetched }
  }

  /** Blocks that are asked of the network at this moment. */
  get fetching(): number {
    return this.#fetching
  }

  /** The root node, once it is there. */
  get rootBytes(): Uint8Array | undefined {
    return this.#rootBytes
  }

  /** Links that are still to be followed, the next ones last; at most `most` of them. */
  upcoming(most: number): { readonly cids: readonly CID[]; readonly more: boolean } {
    return { cids: this.#waiting.slice(-most).map(({ cid }) => cid), more: this.#waiting.length > most }
  }

  /** Ends the walk with this error, unless it has failed already. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#stop.abort()
  }

  /** Ends when nothing waits and nothing runs, or with the first failure once nothing runs any more. */
  async run(): Promise<void> {
    this.#startLanes()
    while (this.#lanes.size > 0) await Promise.race(this.#lanes)
    if (this.#failure === undefined) return
    this.#options.signal.throwIfAborted()
    throw this.#failure.error
  }

  #startLanes(): void {
    while (this.#waiting.length > 0 && this.#lanes.size < LIMITS.pinFetches.value && this.#failure === undefined) {
      const lane: Promise<void> = this.#work()
        .catch(error => this.fail(error))
        .finally(() => this.#lanes.delete(lane))
      this.#lanes.add(lane)
    }
  }

  async #work(): Promise<void> {
    for (let step = this.#waiting.pop(); step !== undefined; step = this.#waiting.pop()) {
      if (this.#isNew(step)) await this.#visit(step)
    }
  }

  #isNew({ cid, depth }: Step): boolean {
    enforceCap('pinDepth', depth, this.#caps, this.#options.root)
    // Identity CIDs carry their bytes; as keys they could be chosen to stand for another block.
    return isIdentity(cid) || this.#seen.add(cid.multihash.bytes, cid.code)
  }

  async #visit({ cid, depth }: Step): Promise<void> {
    const turn = this.#pace()
    if (turn !== undefined) await turn
    enforceCap('pinBlocks', ++this.#begun, this.#caps, this.#options.root)
    const { mode, onProgress, refuse } = this.#options
    refuse?.(cid)
    const links = isIdentity(cid) ? scanLinks(cid.code, cid.multihash.digest) : await this.#keep(cid, depth)
    enforceCap('pinBytes', this.#bytes, this.#caps, this.#options.root)
    if (mode === 'recursive') this.#descend(links, depth + 1)
    this.#blocks++
    onProgress?.(this.progress)
  }

  #descend(links: readonly CID[], depth: number): void {
    enforce('walkLinks', this.#waiting.length + links.length, `links to follow below ${this.#options.root}`)
    for (const cid of links.toReversed()) this.#waiting.push({ cid, depth })
    this.#startLanes()
  }

  /** Kept where it lies, else fetched and put; its links. */
  async #keep(cid: CID, depth: number): Promise<readonly CID[]> {
    const { store, operation } = this.#options
    const here = mayLink(cid.code) ? await this.#readHere(cid) : NOTHING_TO_READ
    if (here !== undefined) {
      const links = scanLinks(cid.code, here)
      if (await operation.keep(cid, { ...this.#wait, hasLinks: links.length > 0 })) {
        this.#bytes += here === NOTHING_TO_READ ? (store.stat(cid)?.sizeBytes ?? 0) : here.byteLength
        if (depth === 0) this.#rootBytes = here
        return links
      }
    }
    const bytes = await this.#fetch(cid)
    const links = scanLinks(cid.code, bytes)
    await operation.putVerified(cid, bytes, this.#wait)
    this.#bytes += bytes.byteLength
    this.#fetched++
    if (depth === 0) this.#rootBytes = bytes
    return links
  }

  async #fetch(cid: CID): Promise<Uint8Array> {
    this.#fetching++
    try {
      return await this.#options.source.get(cid, this.#wait)
    } finally {
      this.#fetching--
    }
  }

  /** Undefined if it is missing or damaged: then it is fetched. */
  async #readHere(cid: CID): Promise<Uint8Array | undefined> {
    const { store } = this.#options
    try {
      return store.peek(cid) ?? (await store.get(cid, this.#wait))
    } catch (error) {
      if (isCairnError(error, 'CORRUPT_BLOCK') || isCairnError(error, 'BLOCK_NOT_LOCAL')) return undefined
      throw error
    }
  }
}
