// A sink for tests of the import: checks every block at once, keeps inner nodes, and gives buffers back as they should be.

import * as dagPb from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { DAG_PB, isIdentity } from '../../src/block/cid.ts'
import { verifyBlock } from '../../src/block/hash.ts'
import type { BlockSink, NewBlock } from '../../src/block/source.ts'

export class CheckingSink implements BlockSink {
  /** Sizes of the blocks that were put, by CID. */
  readonly sizes = new Map<string, number>()
  readonly #nodes = new Map<string, Uint8Array>()

  put({ cid, bytes, hasLinks, release }: NewBlock): void {
    const key = cid.toString()
    if (isIdentity(cid)) throw new Error(`${key} carries its bytes and must not be put`)
    if (!this.sizes.has(key)) {
      verifyBlock(cid, bytes)
      this.sizes.set(key, bytes.length)
      if (cid.code === DAG_PB) {
        this.#nodes.set(key, bytes.slice())
        if (dagPb.decode(bytes).Links.length > 0 !== hasLinks) throw new Error(`${key}: hasLinks is ${hasLinks}`)
      } else if (hasLinks) throw new Error(`${key} is raw and has no links`)
    }
    release?.()
  }

  node(cid: CID): dagPb.PBNode {
    const bytes = isIdentity(cid) ? cid.multihash.digest : this.#nodes.get(cid.toString())
    if (bytes === undefined) throw new Error(`${cid} was never put`)
    return dagPb.decode(bytes)
  }

  /** The distinct CIDs below a root, itself and inlined ones included, with their sizes. */
  below(root: CID): Map<string, number> {
    const seen = new Map<string, number>()
    const todo = [root]
    for (let cid = todo.pop(); cid !== undefined; cid = todo.pop()) {
      const key = cid.toString()
      if (seen.has(key)) continue
      const size = isIdentity(cid) ? cid.multihash.size : this.sizes.get(key)
      if (size === undefined) throw new Error(`${key} was never put`)
      seen.set(key, size)
      if (cid.code === DAG_PB) todo.push(...this.node(cid).Links.map(link => link.Hash))
    }
    return seen
  }
}
