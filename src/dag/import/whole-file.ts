// A file that is one chunk: no stream, no queue, one block (or two, in the trickle layout).

import type { Chunk, LeafMaker } from './leaf.ts'
import { type Metadata, NO_METADATA } from './metadata.ts'
import { trickleLayout } from './trickle.ts'
import type { Child } from './writer.ts'

export function wholeFile(maker: LeafMaker, chunk: Chunk, metadata: Metadata): Child {
  if (!maker.writer.recipe.trickle) return maker.put(chunk, metadata)
  const layout = trickleLayout(maker.writer)
  if (chunk.length > 0) layout.add(maker.put(chunk, NO_METADATA))
  else chunk.slot.release()
  return layout.finish(metadata)
}
