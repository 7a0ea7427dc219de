// How many requests a network of clients may make: one bucket of tokens each, in a table that forgets whom it saw longest ago.

import { CairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'

export interface Rate {
  readonly perSec: number
  /** So many at once after a pause. */
  readonly burst: number
}

const SECS: Record<string, number> = { s: 1, m: 60, h: 3600 }

/** `100/s`, `600/m burst 50`; undefined for the empty text. Without a burst: what one unit of time gives. */
export function parseRate(text: string): Rate | undefined {
  if (text.trim() === '') return undefined
  const [, count = '', unit = '', burst] =
    /^(\d{1,12})\s*\/\s*([smh])(?:\s+burst\s+(\d{1,12}))?$/.exec(text.trim()) ?? []
  const secs = SECS[unit]
  if (secs === undefined || Number(count) === 0 || burst === '0') {
    throw new CairnError('BAD_CONFIG', `gateway.rate: "${text}" is no rate`, { hint: 'as in 100/s or 600/m burst 50' })
  }
  return { perSec: Number(count) / secs, burst: burst === undefined ? Number(count) : Number(burst) }
}

/** What one of several processes may let through. */
export function shareOfRate(text: string, processes: number): string {
  const rate = parseRate(text)
  if (rate === undefined) return ''
  const part = (value: number) => Math.max(1, Math.ceil(value / processes))
  return `${part(rate.perSec * 3600)}/h burst ${part(rate.burst)}`
}

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
