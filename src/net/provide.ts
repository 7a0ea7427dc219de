// Telling the DHT which roots are here: a bounded line, one after the other, so that a large add does not flood the network.

import { setTimeout as sleep } from 'node:timers/promises'
import type { CID } from 'multiformats/cid'
import { blockKey } from '../block/cid.ts'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../observe/log.ts'

/** One announcement looks up 20 peers and stores with each. */
const PROVIDE_MS = 120_000
/** The DHT knows nobody yet, or a network is away: the root goes to the end of the line and the line waits. */
const RETRY_MS = 10_000
const ATTEMPTS = 6

export interface ProvideOptions {
  readonly provide: (cid: CID, signal: AbortSignal) => Promise<void>
  readonly log: Logger
  readonly signal: AbortSignal
  readonly retryMs?: number
}

export class ProvideQueue {
  readonly #options: ProvideOptions
  readonly #queue = new Map<string, { readonly cid: CID; readonly attempt: number }>()
  #running = false

  constructor(options: ProvideOptions) {
    this.#options = options
  }

  /** What does not fit is left out with a warning. The library provides again, by itself, what was provided once. */
  add(cids: Iterable<CID>): void {
    let left = 0
    for (const cid of cids) {
      if (this.#queue.size < LIMITS.provideQueue.value) this.#queue.set(blockKey(cid), { cid, attempt: 1 })
      else left++
    }
    if (left > 0) this.#options.log.warn('too many roots to announce at once', { left })
    if (!this.#running) void this.#run()
  }

  async #run(): Promise<void> {
    const { log, signal } = this.#options
    this.#running = true
    try {
      // A Map gives what is added during the loop too.
      for (const [key, { cid, attempt }] of this.#queue) {
        if (signal.aborted) return
        this.#queue.delete(key)
        await this.#provide(key, cid, attempt)
      }
    } catch (error) {
      if (!signal.aborted) log.error('announcing ended', { err: error })
    } finally {
      this.#running = false
    }
  }

  async #provide(key: string, cid: CID, attempt: number): Promise<void> {
    const { provide, log, signal, retryMs = RETRY_MS } = this.#options
    try {
      await provide(cid, AbortSignal.any([signal, AbortSignal.timeout(PROVIDE_MS)]))
    } catch (error) {
      if (attempt >= ATTEMPTS) {
        log.warn('a root was not announced', { cid: cid.toString(), err: error })
        return
      }
      this.#queue.set(key, { cid, attempt: attempt + 1 })
      await sleep(retryMs, undefined, { signal })
    }
  }
}
