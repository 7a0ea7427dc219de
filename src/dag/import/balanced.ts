// The balanced layout: all leaves at the same depth, nodes filled from the left.

import { type Layout, writeFileNode } from './file-node.ts'
import { type Metadata, NO_METADATA } from './metadata.ts'
import type { BlockWriter, Child } from './writer.ts'

/** A file of one leaf is that leaf, which must have the metadata in it already. */
export function balancedLayout(writer: BlockWriter): Layout {
  const { fileLinks } = writer.recipe
  /** Parts not yet under a node, by height above the leaves. */
  const levels: Child[][] = [[]]

  const push = (part: Child, height: number): void => {
    if (height === levels.length) levels.push([])
    const level = levels[height] as Child[]
    // A full level is closed by what comes after it: the last node becomes the root instead.
    if (level.length === fileLinks) push(writeFileNode(writer, level.splice(0), NO_METADATA), height + 1)
    level.push(part)
  }

  const finish = (metadata: Metadata): Child => {
    for (let height = 0; ; height++) {
      const level = levels[height] as Child[]
      const isTop = height === levels.length - 1
      if (isTop && level.length === 1) return level[0] as Child
      const node = writeFileNode(writer, level, isTop ? metadata : NO_METADATA)
      if (isTop) return node
      push(node, height + 1)
    }
  }

  return { add: leaf => push(leaf, 0), finish }
}
