// Builds the DAG of one file from its leaves as they come, and tells how far it is.

import { balancedLayout } from './balanced.ts'
import type { SealedLeaf } from './leaf.ts'
import type { Metadata } from './metadata.ts'
import { trickleLayout } from './trickle.ts'
import type { BlockWriter, Child } from './writer.ts'

const PROGRESS_BYTES = 256 * 1024

/** Yields how much of the content is done, now and then; returns the root. */
export async function* buildFile(
  writer: BlockWriter,
  leaves: AsyncIterable<SealedLeaf>,
  metadata: Metadata,
): AsyncGenerator<number, Child> {
  const { trickle } = writer.recipe
  const layout = trickle ? trickleLayout(writer) : balancedLayout(writer)
  let doneBytes = 0
  let toldBytes = 0
  for await (const { cid, block, fileBytes } of leaves) {
    if (trickle && fileBytes === 0) {
      block.release?.()
      continue
    }
    const totalBytes = block.bytes.length
    writer.put(cid, block, false)
    layout.add({ cid, fileBytes, totalBytes })
    if (writer.mustPause) await writer.pause()
    doneBytes += fileBytes
    if (doneBytes - toldBytes < PROGRESS_BYTES) continue
    toldBytes = doneBytes
    yield doneBytes
  }
  if (toldBytes > 0 && toldBytes < doneBytes) yield doneBytes
  return layout.finish(metadata)
}
