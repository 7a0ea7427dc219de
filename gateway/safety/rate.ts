// How many requests a network of clients may make: one bucket of tokens each, in a table that forgets whom it saw longest ago.

import type { Rate } from '../../src/config/rate.ts'
import { LIMITS } from '../../src/limits.ts'

interface Bucket {
  tokens: number
  /** Seconds, of the clock that does not jump. */
  at: number
}

export class RateTable {
  readonly #rate: Rate
  readonly #most: number
  /** In the order of their last request. */
  readonly #buckets = new Map<string, Bucket>()

  constructor(rate: Rate, most: number = LIMITS.clientsInMemory.value) {
    this.#rate = rate
    this.#most = most
  }

  get size(): number {
    return this.#buckets.size
  }

  /** 0 if it may go on, else the seconds until it may. */
  take(network: string, nowSecs: number = performance.now() / 1000): number {
    const { perSec, burst } = this.#rate
    const bucket = this.#buckets.get(network)
    if (bucket === undefined) {
      if (this.#buckets.size >= this.#most)
        for (const oldest of this.#buckets.keys().take(1)) this.#buckets.delete(oldest)
      this.#buckets.set(network, { tokens: burst - 1, at: nowSecs })
      return 0
    }
    this.#buckets.delete(network)
    this.#buckets.set(network, bucket)
    bucket.tokens = Math.min(burst, bucket.tokens + (nowSecs - bucket.at) * perSec)
    bucket.at = nowSecs
    if (bucket.tokens < 1) return (1 - bucket.tokens) / perSec
    bucket.tokens--
    return 0
  }
}
