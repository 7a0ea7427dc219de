// A map that forgets what was used longest ago, bounded by the number or the size of what it holds.

import { Oldest } from '../block/oldest.ts'

export interface LruOptions<V> {
  /** Most entries, or with `sizeOf` the most their sizes may sum up to. */
  readonly max: number
  readonly sizeOf?: (value: V) => number
}

export class Lru<K, V> {
  readonly #entries = new Map<K, V>()
  readonly #oldest = new Oldest(this.#entries)
  readonly #max: number
  readonly #sizeOf: (value: V) => number
  /** Asked for again and again, it need not be moved each time. */
  #newest: K | undefined
  #total = 0

  constructor({ max, sizeOf = () => 1 }: LruOptions<V>) {
    this.#max = max
    this.#sizeOf = sizeOf
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key)
    if (value === undefined || key === this.#newest) return value
    this.#newest = key
    // A Map keeps the order of insertion: the end is what was used last.
    this.#entries.delete(key)
    this.#entries.set(key, value)
    this.#oldest.moved()
    return value
  }

  /** What alone is larger than all there may be is not kept. */
  set(key: K, value: V): void {
    this.delete(key)
    const size = this.#sizeOf(value)
    if (size > this.#max) return
    this.#entries.set(key, value)
    this.#oldest.moved()
    this.#newest = key
    this.#total += size
    while (this.#total > this.#max) this.#forgetOldest()
  }

  #forgetOldest(): void {
    const key = this.#oldest.next()
    if (key !== undefined) this.delete(key)
  }

  delete(key: K): void {
    const value = this.#entries.get(key)
    if (value === undefined) return
    this.#entries.delete(key)
    if (key === this.#newest) this.#newest = undefined
    this.#total -= this.#sizeOf(value)
  }

  clear(): void {
    this.#entries.clear()
    this.#newest = undefined
    this.#total = 0
  }
}
