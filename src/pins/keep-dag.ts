// The walk of a pin: visits every block of a DAG once, keeps what is here, fetches what is not, several at a time.

import type { CID } from 'multiformats/cid'
import type { PinMode, PinProgress } from '../api.ts'
import { isIdentity } from '../block/cid.ts'
import { DigestSet } from '../block/digest-set.ts'
import { mayLink, scanLinks } from '../block/links.ts'
import type { BlockSource } from '../block/source.ts'
import { isCairnError } from '../errors.ts'
import { enforce, LIMITS } from '../limits.ts'
import { createPace } from '../store/pace.ts'
import type { Operation, Statement, Store } from '../store/store.ts'

export interface KeepOptions {
  readonly store: Store
  readonly operation: Operation
  /** Local blocks first, then the network. */
  readonly source: BlockSource
  readonly root: CID
  /** `direct` keeps the root block alone. */
  readonly mode: PinMode
  readonly signal: AbortSignal
  readonly onProgress?: ((progress: PinProgress) => void) | undefined
}

interface Step {
  readonly cid: CID
  readonly depth: number
}

/** Resolves with what the last transaction has to say about these blocks besides; they are durable only after it. */
export async function keepDag(options: KeepOptions): Promise<Statement[]> {
  const walk = new KeepWalk(options)
  await walk.run()
  return walk.statements
}

class KeepWalk {
  readonly statements: Statement[] = []
  readonly #options: KeepOptions
  /** Links of the last node lie on top: depth first, so that what waits is bounded by fan-out × depth. */
  readonly #waiting: Step[]
  readonly #seen = new DigestSet({ words: 4 })
  readonly #lanes = new Set<Promise<void>>()
  readonly #stop = new AbortController()
  readonly #wait: { readonly signal: AbortSignal }
  readonly #pace: () => Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  #blocks = 0
  #bytes = 0
  #fetched = 0

  constructor(options: KeepOptions) {
    this.#options = options
    this.#waiting = [{ cid: options.root, depth: 0 }]
    this.#wait = { signal: AbortSignal.any([options.signal, this.#stop.signal]) }
    this.#pace = createPace(this.#wait.signal)
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
        .catch(error => {
          this.#failure ??= { error }
          this.#stop.abort()
        })
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
    enforce('dagDepth', depth, `levels below ${this.#options.root}`)
    // Identity CIDs carry their bytes; as keys they could be chosen to stand for another block.
    return isIdentity(cid) || this.#seen.add(cid.multihash.bytes, cid.code)
  }

  async #visit({ cid, depth }: Step): Promise<void> {
    await this.#pace()
    enforce('walkBlocks', ++this.#blocks, `blocks below ${this.#options.root}`)
    const { mode, onProgress } = this.#options
    const bytes = isIdentity(cid) ? cid.multihash.digest : await this.#keep(cid, mode === 'recursive')
    if (bytes !== undefined && mode === 'recursive') {
      const links = scanLinks(cid.code, bytes)
      for (let index = links.length - 1; index >= 0; index--) {
        this.#waiting.push({ cid: links[index] as CID, depth: depth + 1 })
      }
      if (links.length > 0) this.#rememberLinks(cid)
      this.#startLanes()
    }
    onProgress?.({ blocks: this.#blocks, bytes: this.#bytes, fetched: this.#fetched })
  }

  /** The block's bytes, if there may be links in them. */
  async #keep(cid: CID, descend: boolean): Promise<Uint8Array | undefined> {
    const { store, operation, source } = this.#options
    if (await operation.keep(cid, this.#wait)) {
      const bytes = descend && mayLink(cid.code) ? await this.#readKept(cid) : 'leaf'
      if (bytes !== undefined) {
        this.#bytes += bytes === 'leaf' ? (store.stat(cid)?.sizeBytes ?? 0) : bytes.byteLength
        return bytes === 'leaf' ? undefined : bytes
      }
    }
    const bytes = await source.get(cid, this.#wait)
    await operation.putVerified(cid, bytes, this.#wait)
    this.#bytes += bytes.byteLength
    this.#fetched++
    return bytes
  }

  /** Undefined if the block that was to be here is damaged: then it is fetched like one that is missing. */
  async #readKept(cid: CID): Promise<Uint8Array | undefined> {
    const { store } = this.#options
    try {
      return store.peek(cid) ?? (await store.get(cid, this.#wait))
    } catch (error) {
      if (isCairnError(error, 'CORRUPT_BLOCK') || isCairnError(error, 'BLOCK_NOT_LOCAL')) return undefined
      throw error
    }
  }

  /** A block that came in as raw may be a node under another codec: without the bit, mark would take it for a leaf. */
  #rememberLinks(cid: CID): void {
    const mh = cid.multihash.bytes
    const row = this.#options.store.database.get<{ links: number }>('SELECT links FROM blocks WHERE mh = ?', mh)
    if (row?.links === 0) this.statements.push({ sql: 'UPDATE blocks SET links = 1 WHERE mh = ?', params: [mh] })
  }
}
