// Telling the DHT which roots are here: a bounded line, one after the other, so that a large add does not flood the network.

import type { CID } from 'multiformats/cid'
import { blockKey } from '../block/cid.ts'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../observe/log.ts'

/** One announcement looks up 20 peers and stores with each. */
const PROVIDE_MS = 120_000

export interface ProvideOptions {
  readonly provide: (cid: CID, signal: AbortSignal) => Promise<void>
  readonly log: Logger
  readonly signal: AbortSignal
}

export class ProvideQueue {
  readonly #options: ProvideOptions
  readonly #queue = new Map<string, CID>()
  #running = false

  constructor(options: ProvideOptions) {
    this.#options = options
  }

  /** What does not fit is left out with a warning; the library provides again what it once provided. */
  add(cids: Iterable<CID>): void {
    let left = 0
    for (const cid of cids) {
      if (this.#queue.size < LIMITS.provideQueue.value) this.#queue.set(blockKey(cid), cid)
      else left++
    }
    if (left > 0) this.#options.log.warn('too many roots to announce at once', { left })
    if (!this.#running) void this.#run()
  }

  async #run(): Promise<void> {
    const { provide, log, signal } = this.#options
    this.#running = true
    for (const [key, cid] of this.#queue) {
      if (signal.aborted) break
      this.#queue.delete(key)
      try {
        await provide(cid, AbortSignal.any([signal, AbortSignal.timeout(PROVIDE_MS)]))
      } catch (error) {
        log.debug('a root was not announced', { cid: cid.toString(), err: error })
      }
    }
    this.#running = false
  }
}
