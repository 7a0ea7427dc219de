// The trickle layout: each node has leaves first, then subtrees of growing depth, four of each.

import { type Layout, writeFileNode } from './file-node.ts'
import { type Metadata, NO_METADATA } from './metadata.ts'
import type { BlockWriter, Child } from './writer.ts'

const REPEAT = 4

/** A file always has a root above its leaves, even if there is one leaf or none. */
export function trickleLayout(writer: BlockWriter): Layout {
  let leaf: Child | undefined
  let rootMetadata: Metadata = NO_METADATA

  /** Suspends for each further leaf; goes on with `leaf` set, or undefined at the end of the file. */
  function* fill(depth: number): Generator<void, Child> {
    const parts: Child[] = []
    while (parts.length < writer.recipe.fileLinks && leaf !== undefined) {
      parts.push(leaf)
      yield
    }
    for (let below = 1; below < depth && leaf !== undefined; below++)
      for (let i = 0; i < REPEAT && leaf !== undefined; i++) parts.push(yield* fill(below))
    return writeFileNode(writer, parts, depth === Number.POSITIVE_INFINITY ? rootMetadata : NO_METADATA)
  }

  const run = fill(Number.POSITIVE_INFINITY)
  return {
    add: next => {
      leaf = next
      run.next()
    },
    finish: metadata => {
      leaf = undefined
      rootMetadata = metadata
      return run.next().value as Child
    },
  }
}
