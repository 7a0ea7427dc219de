// DAGs for the tests of pins and collection: nodes of dag-pb over raw leaves, whose shape is exact.

import type { CID } from 'multiformats/cid'
import type { NewBlock } from '../../src/block/source.ts'
import { leaf, node } from '../store/support.ts'

export interface MadeDag {
  readonly root: CID
  /** Every block of it once, leaves first. */
  readonly blocks: readonly NewBlock[]
}

/** A node over one leaf for each seed. */
export function folder(seeds: readonly string[], sizeBytes = 100): MadeDag {
  const leaves = seeds.map(seed => leaf(seed, sizeBytes))
  const root = node(leaves.map(({ cid }) => cid))
  return { root: root.cid, blocks: [...leaves, root] }
}

/** `levels` levels of `width` nodes, each linking to all of the next: width ^ levels paths over width × levels blocks (H10). */
export function diamond(levels: number, width: number): MadeDag {
  const blocks: NewBlock[] = []
  let below = Array.from({ length: width }, (_, index) => leaf(`diamond ${index}`))
  blocks.push(...below)
  for (let level = 1; level < levels; level++) {
    const cids = below.map(({ cid }) => cid)
    // Rotated links make the nodes of one level distinct.
    below = cids.map((_, index) => node([...cids.slice(index), ...cids.slice(0, index)]))
    blocks.push(...below)
  }
  const root = node(below.map(({ cid }) => cid))
  return { root: root.cid, blocks: [...blocks, root] }
}
