// Leaves of a large file that hash threads read and hash, a few in one go.

import type { HashedBlocks, UnreadBlock } from './hash-message.ts'
import type { HashThreads } from './hash-threads.ts'
import type { Job } from './in-order.ts'
import { blockOf, framing, leafCodec, leafRoom, type SealedLeaf } from './leaf.ts'
import { NO_METADATA } from './metadata.ts'
import { sourceChanged, sourceError } from './source-error.ts'
import type { BlockWriter } from './writer.ts'

/** A message has its price, so small chunks share one; but both threads are to have some at any time. */
const MOST_PER_MESSAGE = 4
const MESSAGE_BYTES = 1024 * 1024

export const leavesPerMessage = (maxBytes: number): number =>
  Math.max(1, Math.min(MOST_PER_MESSAGE, Math.floor(MESSAGE_BYTES / maxBytes)))

/** Whole chunks that follow each other in a file. */
export interface Run {
  readonly path: string
  readonly descriptor: number
  readonly position: number
  readonly chunks: number
}

/** One job for each leaf; the first begins the work for all. */
export function* threadJobs(writer: BlockWriter, threads: HashThreads, run: Run): Generator<Job<SealedLeaf>> {
  let begun: Promise<readonly SealedLeaf[]> | undefined
  for (let i = 0; i < run.chunks; i++) {
    yield async () => {
      begun ??= sealRun(writer, threads, run)
      return (await begun)[i] as SealedLeaf
    }
  }
}

async function sealRun(writer: BlockWriter, threads: HashThreads, run: Run): Promise<readonly SealedLeaf[]> {
  const { recipe, wantsCrc: withCrc } = writer
  const { path, descriptor, chunks } = run
  const memory = threads.takeMemory(leafRoom(recipe) * leavesPerMessage(recipe.chunker.maxBytes))
  const blocks = layOut(writer, memory, run)
  const done = await threads.readAndHash({ descriptor, memory, blocks, withCrc }).catch(cause => {
    throw sourceError(path, cause)
  })
  if (done.hashed.length < chunks) throw sourceChanged(path, 'shrank')
  return leavesOf(writer, threads, blocks, done)
}

/** All but the content. */
function layOut({ recipe }: BlockWriter, memory: ArrayBuffer, { position, chunks }: Run): UnreadBlock[] {
  const length = recipe.chunker.maxBytes
  const slab = new Uint8Array(memory)
  return Array.from({ length: chunks }, (_, i) => {
    const contentStart = i * leafRoom(recipe) + framing(recipe).head
    const { bytes } = blockOf(recipe, { slot: { slab }, start: contentStart, length }, NO_METADATA)
    const { byteOffset: blockStart, length: blockBytes } = bytes
    return { position: position + i * length, contentStart, contentBytes: length, blockStart, blockBytes }
  })
}

function leavesOf(
  writer: BlockWriter,
  threads: HashThreads,
  blocks: readonly UnreadBlock[],
  { memory, hashed }: HashedBlocks,
): SealedLeaf[] {
  let held = blocks.length
  const release = (): void => {
    if (--held === 0) threads.giveBack(memory)
  }
  const codec = leafCodec(writer.recipe)
  return hashed.map(({ digest, crc }, i) => {
    const { blockStart, blockBytes, contentBytes } = blocks[i] as UnreadBlock
    const bytes = new Uint8Array(memory, blockStart, blockBytes)
    return { cid: writer.cidWith(codec, digest), block: { codec, bytes, crc, release }, fileBytes: contentBytes }
  })
}
