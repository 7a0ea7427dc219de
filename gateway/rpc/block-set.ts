// A set of blocks: millions of hashes in little memory, and the few whose CID is their content.

import type { CID } from 'multiformats/cid'
import { blockKey, isIdentity } from '../../src/block/cid.ts'
import { DigestSet } from '../../src/block/digest-set.ts'

export class BlockSet {
  readonly #hashed = new DigestSet({ words: 4 })
  /** A digest set is for hashes: the bytes of an identity CID are anybody's choice. */
  readonly #inline = new Set<string>()

  get size(): number {
    return this.#hashed.size + this.#inline.size
  }

  has(cid: CID): boolean {
    return isIdentity(cid) ? this.#inline.has(blockKey(cid)) : this.#hashed.has(cid.multihash.bytes)
  }

  /** True if it was not there yet. */
  add(cid: CID): boolean {
    if (!isIdentity(cid)) return this.#hashed.add(cid.multihash.bytes)
    const before = this.#inline.size
    return this.#inline.add(blockKey(cid)).size > before
  }
}
