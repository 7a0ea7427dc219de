// Small pieces of a stream gathered into large ones: each piece that leaves costs a system call, whatever its size.

import { KiB } from '../../units.ts'

const CHUNK_BYTES = 128 * KiB
/** Pieces from here on leave as they are: copying them would cost more. */
const LARGE_BYTES = 32 * KiB

/** With `reuse` a piece may be overwritten when the next one is asked for, those that come in as well. */
export async function* gatherBytes(
  pieces: AsyncIterable<Uint8Array>,
  { reuse = false }: { readonly reuse?: boolean } = {},
): AsyncGenerator<Uint8Array> {
  let chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  let used = 0
  for await (const piece of pieces) {
    const isLarge = piece.byteLength >= LARGE_BYTES
    if (used > 0 && (isLarge || used + piece.byteLength > CHUNK_BYTES)) {
      yield chunk.subarray(0, used)
      if (!reuse) chunk = Buffer.allocUnsafe(CHUNK_BYTES)
      used = 0
    }
    if (isLarge) yield piece
    else {
      chunk.set(piece, used)
      used += piece.byteLength
    }
  }
  if (used > 0) yield chunk.subarray(0, used)
}
