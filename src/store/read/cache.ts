// Small blocks that passed their check, in memory, least recently used out first; bounded by bytes.

/** What an entry costs beside its bytes: key, map slot, view. */
const ENTRY_BYTES = 200

export class BlockCache {
  readonly #maxBytes: number
  readonly #blocks = new Map<string, Uint8Array>()
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
    return bytes
  }

  set(key: string, bytes: Uint8Array): void {
    this.delete(key)
    const cost = bytes.byteLength + ENTRY_BYTES
    if (cost > this.#maxBytes) return
    this.#blocks.set(key, bytes)
    this.#usedBytes += cost
    for (const [oldest, { byteLength }] of this.#blocks) {
      if (this.#usedBytes <= this.#maxBytes) break
      this.#blocks.delete(oldest)
      this.#usedBytes -= byteLength + ENTRY_BYTES
    }
  }

  delete(key: string): void {
    const bytes = this.#blocks.get(key)
    if (bytes === undefined) return
    this.#blocks.delete(key)
    this.#usedBytes -= bytes.byteLength + ENTRY_BYTES
  }
}
