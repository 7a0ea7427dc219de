// Blocks that no list names: rules may name a block by hashes of its CID, which take time to make for each that is read.

import type { CID } from 'multiformats/cid'
import { KEY, KEY_WORDS, ruleKey } from './rule-keys.ts'

const SLOTS = 4096
/** Key and codec: a hash in the older form is one of the CID's text. */
const RECORD = KEY_WORDS + 1

/** Each new block takes the place of the one that has its slot. Keys cannot be chosen from outside, so no block can pass for another. */
export class KnownFree {
  readonly #records = new Uint32Array(SLOTS * RECORD)

  has(cid: CID): boolean {
    const key = ruleKey(KEY.block, cid.multihash.bytes)
    const at = slotOf(key)
    const records = this.#records
    for (let word = 0; word < KEY_WORDS; word++) if (records[at + word] !== key[word]) return false
    return records[at + KEY_WORDS] === cid.code
  }

  add(cid: CID): void {
    const key = ruleKey(KEY.block, cid.multihash.bytes)
    const at = slotOf(key)
    this.#records.set(key, at)
    this.#records[at + KEY_WORDS] = cid.code
  }

  clear(): void {
    this.#records.fill(0)
  }
}

const slotOf = (key: Uint32Array): number => ((key[0] as number) % SLOTS) * RECORD
