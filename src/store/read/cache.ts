// Small blocks that passed their check, in memory, least recently used out first; bounded by bytes.

import { Oldest } from '../../block/oldest.ts'

/** What an entry costs beside its bytes: key, map slot, view. */
const ENTRY_BYTES = 200

export class BlockCache {
  readonly #maxBytes: number
  readonly #blocks = new Map<string, Uint8Array>()
  readonly #oldest = new Oldest(this.#blocks)
  #usedBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  get(key: string): Uint8Array | undefined {
    const bytes = this.#blocks.get(key)
    if (bytes === undefined) return undefined
    this.#blocks.delete(key)
    this.#blocks.set(key, bytes)
    this.#oldest.moved()
    return bytes
  }

  set(key: string, bytes: Uint8Array): void {
    this.delete(key)
    const cost = bytes.byteLength + ENTRY_BYTES
    if (cost > this.#maxBytes) return
    this.#blocks.set(key, bytes)
    this.#oldest.moved()
    this.#usedBytes += cost
    while (this.#usedBytes > this.#maxBytes) this.#forgetOldest()
  }

  #forgetOldest(): void {
    const key = this.#oldest.next()
    if (key !== undefined) this.delete(key)
  }

  delete(key: string): void {
    const bytes = this.#blocks.get(key)
    if (bytes === undefined) return
    this.#blocks.delete(key)
    this.#usedBytes -= bytes.byteLength + ENTRY_BYTES
  }
}
