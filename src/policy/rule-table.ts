// Rules by key in one typed array: a million of them in some forty megabytes, found in one look.

import { KEY_WORDS } from './rule-keys.ts'

/** Key, line, and what the rule says (`meta`). */
const RECORD = KEY_WORDS + 2

export interface FoundRule {
  readonly line: number
  readonly meta: number
}

export class RuleTable {
  #records: Uint32Array
  #mask: number
  #size = 0

  constructor(expected: number) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, expected) * 1.5))
    this.#records = new Uint32Array(slots * RECORD)
    this.#mask = slots - 1
  }

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#records.byteLength
  }

  /** Of two rules with one key the later stands. */
  set(key: Uint32Array, line: number, meta: number): void {
    const at = this.#find(key)
    const records = this.#records
    if (records[at] === 0) this.#size++
    for (let word = 0; word < KEY_WORDS; word++) records[at + word] = key[word] as number
    records[at + KEY_WORDS] = line
    records[at + KEY_WORDS + 1] = meta
    if (this.#size * 4 > (this.#mask + 1) * 3) this.#grow()
  }

  get(key: Uint32Array): FoundRule | undefined {
    const at = this.#find(key)
    if (this.#records[at] === 0) return undefined
    return { line: this.#records[at + KEY_WORDS] as number, meta: this.#records[at + KEY_WORDS + 1] as number }
  }

  #find(key: Uint32Array): number {
    const records = this.#records
    for (let slot = slotOf(key[0] as number, this.#mask); ; slot = (slot + 1) & this.#mask) {
      const at = slot * RECORD
      if (records[at] === 0) return at
      let word = 0
      while (word < KEY_WORDS && records[at + word] === key[word]) word++
      if (word === KEY_WORDS) return at
    }
  }

  #grow(): void {
    const old = this.#records
    this.#mask = this.#mask * 2 + 1
    this.#records = new Uint32Array(old.length * 2)
    for (let from = 0; from < old.length; from += RECORD) {
      const record = old.subarray(from, from + RECORD)
      if (record[0] !== 0) this.#records.set(record, this.#find(record))
    }
  }
}

function slotOf(first: number, mask: number): number {
  const mixed = Math.imul(first, 0x9e3779b1)
  return (mixed ^ (mixed >>> 15)) & mask
}
