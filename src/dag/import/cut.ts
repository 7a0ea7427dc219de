// Cuts a stream of bytes into the chunks of a file, copying each into a buffer of its own with room for the framing.

import { type Chunk, framing, leafRoom } from './leaf.ts'
import type { Recipe } from './recipe.ts'
import type { SlabPool } from './slabs.ts'

/** Pieces may be used again by their source as soon as the next is asked for. An empty stream is one empty chunk. */
export async function* cutChunks(
  content: AsyncIterable<Uint8Array>,
  { recipe, pool }: { recipe: Recipe; pool: SlabPool },
): AsyncGenerator<Chunk> {
  const { maxBytes, cut } = recipe.chunker
  const { head, tail } = framing(recipe)
  const room = leafRoom(recipe)
  let slot = pool.take(room)
  let filled = 0
  let isFirst = true

  const split = (atEnd: boolean): Chunk => {
    const start = slot.start + head
    const data = slot.slab.subarray(start, start + filled)
    const length = cut?.(data) ?? filled
    const chunk: Chunk = { slot, start, length, only: isFirst && atEnd && length === filled }
    pool.trim(slot, start + length + tail)
    slot = pool.take(room)
    // The rest may lie where the framing of this chunk will be written, or overlap its new place: `set` allows for that.
    slot.slab.set(data.subarray(length), slot.start + head)
    filled -= length
    isFirst = false
    return chunk
  }

  try {
    for await (const piece of content) {
      for (let at = 0; at < piece.length; ) {
        if (filled === maxBytes) yield split(false)
        const count = Math.min(maxBytes - filled, piece.length - at)
        slot.slab.set(piece.subarray(at, at + count), slot.start + head + filled)
        filled += count
        at += count
      }
    }
    while (filled > 0 || isFirst) yield split(true)
  } finally {
    slot.release()
  }
}
