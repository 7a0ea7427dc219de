// Small blocks that passed their check, in memory, least recently used out first; bounded by bytes.

/** What an entry costs beside its bytes: key, map slot, view. */
const ENTRY_BYTES = 200

export class BlockCache {
  readonly #maxBytes: number
  readonly #blocks = new Map<string, Uint8Array>()
  /** Stays where it has come to: from the front again, it would step over all that was deleted there. */
  #oldest = this.#blocks.entries()
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
    while (this.#usedBytes > this.#maxBytes) this.#forgetOldest()
  }

  #forgetOldest(): void {
    let { value } = this.#oldest.next()
    if (value === undefined) {
      this.#oldest = this.#blocks.entries()
      value = this.#oldest.next().value
    }
    if (value !== undefined) this.delete(value[0])
  }

  delete(key: string): void {
    const bytes = this.#blocks.get(key)
    if (bytes === undefined) return
    this.#blocks.delete(key)
    this.#usedBytes -= bytes.byteLength + ENTRY_BYTES
  }
}
