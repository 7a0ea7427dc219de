// Blocks that no list names: rules may name a block by hashes of its CID, which take time to make for each that is read.

import type { CID } from 'multiformats/cid'
import { KEY, KEY_WORDS, ruleKey } from './rule-keys.ts'

const SLOTS = 4096
/** Key and codec: a hash in the older form is one of the CID's text. */
const RECORD = KEY_WORDS + 1

/** Each new block takes the place of the one that has its slot. Keys cannot be chosen from outside, so no block can pass for another. */
export class KnownFree {
  readonly #records = new Uint32Array(SLOTS * RECORD)

  /** Of what `has` was asked last: most answers are followed by `add`. */
  readonly #asked = new Uint32Array(RECORD)

  has(cid: CID): boolean {
    const asked = this.#asked
    asked.set(ruleKey(KEY.block, cid.multihash.bytes))
    asked[KEY_WORDS] = cid.code
    const at = slotOf(asked)
    for (let word = 0; word < RECORD; word++) if (this.#records[at + word] !== asked[word]) return false
    return true
  }

  /** What `has` was asked last. */
  add(): void {
    this.#records.set(this.#asked, slotOf(this.#asked))
  }

  clear(): void {
    this.#records.fill(0)
  }
}

const slotOf = (key: Uint32Array): number => ((key[0] as number) % SLOTS) * RECORD
