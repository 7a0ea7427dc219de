// A set of block digests in typed arrays: millions of entries without one object for each.

import { randomInt } from 'node:crypto'

export interface DigestSetOptions {
  /** 32-bit words kept of each digest. 4 (128 bits) where taking two for one would lose data; 2 where it would only waste space. */
  readonly words: 2 | 4
  /** Entries to make room for at once; it grows beyond them. */
  readonly expected?: number
}

/**
 * Keys are the last bytes of multihashes, so only digests of blocks that were hashed belong in here: whoever may choose
 * them freely (identity CIDs, links to blocks that do not exist) could choose one that stands for another.
 */
export class DigestSet {
  readonly #words: number
  /** Makes the order of probing unpredictable to whoever grinds digests. */
  readonly #seed = randomInt(2 ** 32)
  #slots: Uint32Array
  #mask: number
  #size = 0

  constructor({ words, expected = 1024 }: DigestSetOptions) {
    this.#words = words
    const slotCount = 2 ** Math.ceil(Math.log2(Math.max(1024, expected) * 1.5))
    this.#slots = new Uint32Array(slotCount * words)
    this.#mask = slotCount - 1
  }

  get size(): number {
    return this.#size
  }

  /** `salt` makes entries of one digest distinct: the codec under which it was seen. */
  has(multihash: Uint8Array, salt = 0): boolean {
    return this.#slots[this.#find(multihash, salt)] !== 0
  }

  /** True if it was not there yet. */
  add(multihash: Uint8Array, salt = 0): boolean {
    const at = this.#find(multihash, salt)
    if (this.#slots[at] !== 0) return false
    for (let word = 0; word < this.#words; word++) this.#slots[at + word] = key(multihash, salt, word)
    this.#size++
    if (this.#size * 3 > (this.#mask + 1) * 2) this.#grow()
    return true
  }

  /** Where it is, or the free slot where it belongs. */
  #find(multihash: Uint8Array, salt: number): number {
    const first = key(multihash, salt, 0)
    const slots = this.#slots
    for (let slot = this.#slotOf(first); ; slot = (slot + 1) & this.#mask) {
      const at = slot * this.#words
      if (slots[at] === 0) return at
      if (slots[at] !== first) continue
      let word = 1
      while (word < this.#words && slots[at + word] === key(multihash, salt, word)) word++
      if (word === this.#words) return at
    }
  }

  #slotOf(first: number): number {
    const mixed = Math.imul(first ^ this.#seed, 0x9e3779b1)
    return (mixed ^ (mixed >>> 15)) & this.#mask
  }

  #grow(): void {
    const old = this.#slots
    this.#mask = this.#mask * 2 + 1
    this.#slots = new Uint32Array(old.length * 2)
    for (let from = 0; from < old.length; from += this.#words) {
      const first = old[from] as number
      if (first === 0) continue
      let slot = this.#slotOf(first)
      while (this.#slots[slot * this.#words] !== 0) slot = (slot + 1) & this.#mask
      this.#slots.set(old.subarray(from, from + this.#words), slot * this.#words)
    }
  }
}

/** One word of the key, from the end of the multihash backwards; the first is never 0, which marks a free slot. */
function key(multihash: Uint8Array, salt: number, word: number): number {
  const at = multihash.byteLength - 4 * (word + 1)
  const bytes =
    ((multihash[at] as number) << 24) |
    ((multihash[at + 1] as number) << 16) |
    ((multihash[at + 2] as number) << 8) |
    (multihash[at + 3] as number)
  return word === 0 ? (bytes ^ Math.imul(salt, 0x85ebca6b)) >>> 0 || 1 : bytes >>> 0
}
