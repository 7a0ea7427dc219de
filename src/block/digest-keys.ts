// Keys for sets of multihashes that anybody may have chosen: nobody can make two of them collide who does not know ours.

import { randomFillSync } from 'node:crypto'
import { LIMITS } from '../limits.ts'

const WORDS = 4
const PRIME = 2 ** 31 - 1
/** The longest digest, with its code and length, in units of two bytes. */
const MAX_UNITS = (LIMITS.digestMaxBytes.value + 12) / 2

/**
 * Multilinear hashing by secret coefficients: two multihashes have one key by a chance of 2^-124, whoever made them up.
 * A set keyed by bytes of the digest itself could be told that it knows a block by a link that merely ends like it.
 */
export class DigestKeys {
  readonly #coefficients = randomFillSync(new Uint32Array(WORDS * MAX_UNITS))
  readonly #words = new Uint32Array(WORDS)
  readonly #bytes = new Uint8Array(this.#words.buffer)

  /** 16 bytes, good until the next call. */
  of(multihash: Uint8Array): Uint8Array {
    const { length } = multihash
    for (let word = 0; word < WORDS; word++) {
      const first = word * MAX_UNITS
      // Products of 16 and 32 bits: their sum is exact far below 2^53 for 128 bytes. A last 1 tells lengths apart.
      let sum = 0
      let unit = first
      for (let at = 0; at < length; at += 2) {
        const value = (multihash[at] as number) * 256 + (multihash[at + 1] ?? 0)
        sum += value * (this.#coefficients[unit++] as number)
      }
      this.#words[word] = (sum + (length + 1) * (this.#coefficients[unit] as number)) % PRIME
    }
    return this.#bytes
  }
}
