// Reads local files into leaves: small ones at once and on this thread, large ones with many reads and hashes under way.

import { type BigIntStats, closeSync, constants, fstatSync, openSync, read, readSync } from 'node:fs'
import { SHA2_256 } from '../../block/hash.ts'
import { buildFile } from './build-file.ts'
import { cutChunks } from './cut.ts'
import { inOrder, type Job } from './in-order.ts'
import { type Chunk, framing, type LeafMaker, leafRoom, type SealedLeaf } from './leaf.ts'
import { forFile, type Metadata, metadataOf, readsStat } from './metadata.ts'
import { attempt, readFailed, sourceChanged, sourceError } from './source-error.ts'
import { leavesPerMessage, threadJobs } from './thread-leaves.ts'
import { wholeFile } from './whole-file.ts'
import { type Child, OFF_THREAD_BYTES } from './writer.ts'

/** Never waits for a pipe to be filled, never becomes the terminal of this process. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0)
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0

/** Room worth reading into; less is left over at the end of a slab. */
const LEAST_ROOM = 64 * 1024
/** With less to read, starting threads takes as long as they save. */
const THREADS_BYTES = 128 * 1024 * 1024
/** Reads and hashes under way for one file. */
const AT_ONCE = 16
const PIECE_BYTES = 1024 * 1024

export interface ImportedFile {
  readonly child: Child
  readonly metadata: Metadata
}

/** Open at its beginning, and larger than one chunk. */
export interface LargeFile {
  readonly path: string
  readonly descriptor: number
}

/** SOURCE_CHANGED or READ_FAILED if it cannot be read, or is no regular file any more. */
export function importSmall(maker: LeafMaker, path: string, follow: boolean): ImportedFile | LargeFile {
  const descriptor = attempt(path, () => openSync(path, follow ? FLAGS : FLAGS | NO_FOLLOW))
  let isLarge = false
  try {
    const chunk = attempt(path, () => readWhole(maker, descriptor))
    if (chunk === undefined) {
      isLarge = true
      return { path, descriptor }
    }
    const { metadata: rules } = maker.writer.recipe
    // A pipe or device that has taken the place of the file looks empty, so an empty one is asked what it is.
    const stat = chunk.length === 0 || readsStat(rules) ? attempt(path, () => statOf(path, descriptor)) : undefined
    const metadata = forFile(metadataOf(rules, stat))
    return { child: wholeFile(maker, chunk, metadata), metadata }
  } finally {
    if (!isLarge) closeSync(descriptor)
  }
}

function statOf(path: string, descriptor: number): BigIntStats {
  const stat = fstatSync(descriptor, { bigint: true })
  if (!stat.isFile()) throw readFailed(path, 'it is not a regular file')
  return stat
}

/** The whole file as one chunk; undefined if it has more than that. A read may be short without being the last. */
function readWhole({ writer: { recipe }, pool }: LeafMaker, descriptor: number): Chunk | undefined {
  const { wholeBytes } = recipe.chunker
  const { head, tail } = framing(recipe)
  const most = head + wholeBytes + 1 + tail
  let slot = pool.take(Math.min(most, LEAST_ROOM), most)
  let length = 0
  for (;;) {
    const start = slot.start + head
    const room = slot.end - tail - start - length
    if (room > 0) {
      const count = readSync(descriptor, slot.slab, start + length, room, null)
      length += count
      if (count > 0) continue
      pool.trim(slot, start + length + tail)
      return { slot, start, length, only: true }
    }
    const filled = slot.slab.subarray(start, start + length)
    if (length > wholeBytes) {
      slot.release()
      return undefined
    }
    const larger = pool.take(most)
    larger.slab.set(filled, larger.start + head)
    slot.release()
    slot = larger
  }
}

/** Closes the file. Yields progress. SOURCE_CHANGED if its size or time is another one at the end. */
export async function* importLarge(
  maker: LeafMaker,
  { path, descriptor }: LargeFile,
  signal: AbortSignal,
): AsyncGenerator<number, ImportedFile> {
  try {
    const before = attempt(path, () => statOf(path, descriptor))
    const metadata = forFile(metadataOf(maker.writer.recipe.metadata, before))
    const source = { path, descriptor, sizeBytes: Number(before.size), signal }
    const leaves = inOrder(jobsFor(maker, source, metadata), AT_ONCE)
    const child = yield* buildFile(maker.writer, leaves, metadata)
    const after = attempt(path, () => statOf(path, descriptor))
    if (after.size > before.size) throw sourceChanged(path, 'grew')
    if (after.size < before.size) throw sourceChanged(path, 'shrank')
    if (after.mtimeNs !== before.mtimeNs) throw sourceChanged(path, 'changed')
    return { child, metadata }
  } finally {
    closeSync(descriptor)
  }
}

interface OpenSource extends LargeFile {
  /** 0: unknown, as for the virtual files of the kernel. */
  readonly sizeBytes: number
  readonly signal: AbortSignal
}

function jobsFor(maker: LeafMaker, source: OpenSource, metadata: Metadata) {
  const { cut, maxBytes } = maker.writer.recipe.chunker
  if (cut === undefined && maxBytes >= OFF_THREAD_BYTES && source.sizeBytes > maxBytes)
    return chunkJobs(maker, source, metadata)
  return sealJobs(maker, readPieces(source), metadata)
}

/** Chunks of known places: each is read straight into its buffer, while others are hashed. */
function* chunkJobs(maker: LeafMaker, source: OpenSource, metadata: Metadata): Generator<Job<SealedLeaf>> {
  const { writer } = maker
  const { path, descriptor, sizeBytes, signal } = source
  const { maxBytes } = writer.recipe.chunker
  const most = leavesPerMessage(maxBytes)
  const threads = writer.recipe.hash === SHA2_256 ? maker.threads : undefined
  if (sizeBytes >= THREADS_BYTES) threads?.start()
  for (let position = 0; position < sizeBytes; ) {
    signal.throwIfAborted()
    const restBytes = sizeBytes - position
    const chunks = Math.min(most, Math.floor(restBytes / maxBytes))
    if (threads?.isReady && chunks > 0) {
      yield* threadJobs(writer, threads, { path, descriptor, position, chunks })
      position += chunks * maxBytes
    } else {
      const piece = { position, length: Math.min(maxBytes, restBytes) }
      yield () => readAndSeal(maker, { source, ...piece }, metadata)
      position += piece.length
    }
  }
}

async function readAndSeal(
  maker: LeafMaker,
  { source, position, length }: { source: OpenSource; position: number; length: number },
  metadata: Metadata,
): Promise<SealedLeaf> {
  const { recipe } = maker.writer
  const slot = maker.pool.take(leafRoom(recipe))
  const start = slot.start + framing(recipe).head
  const count = await readFully(source, { into: slot.slab, at: start, length, position })
  if (count < length) throw sourceChanged(source.path, 'shrank')
  return maker.seal({ slot, start, length, only: false }, metadata)
}

export async function* sealJobs(
  maker: LeafMaker,
  content: AsyncIterable<Uint8Array>,
  metadata: Metadata,
): AsyncGenerator<Job<SealedLeaf>> {
  const { pool, writer } = maker
  for await (const chunk of cutChunks(content, { recipe: writer.recipe, pool })) yield () => maker.seal(chunk, metadata)
}

/** The content in order, in one buffer used again and again. */
async function* readPieces({ path, descriptor, sizeBytes, signal }: OpenSource): AsyncGenerator<Uint8Array> {
  const into = new Uint8Array(PIECE_BYTES)
  const end = sizeBytes === 0 ? Number.POSITIVE_INFINITY : sizeBytes
  for (let position = 0; position < end; ) {
    signal.throwIfAborted()
    const length = Math.min(PIECE_BYTES, end - position)
    const count = await readFully({ path, descriptor }, { into, at: 0, length, position })
    if (count > 0) yield into.subarray(0, count)
    position += count
    if (count === length) continue
    if (sizeBytes > 0) throw sourceChanged(path, 'shrank')
    return
  }
}

interface Place {
  readonly into: Uint8Array
  readonly at: number
  readonly length: number
  readonly position: number
}

/** Resolves with less than `length` only at the end of the file. */
async function readFully({ path, descriptor }: LargeFile, { into, at, length, position }: Place): Promise<number> {
  for (let done = 0; ; ) {
    const count = await new Promise<number>((resolve, reject) => {
      read(descriptor, into, at + done, length - done, position + done, (cause, bytesRead) => {
        if (cause === null) resolve(bytesRead)
        else reject(sourceError(path, cause))
      })
    })
    done += count
    if (count === 0 || done === length) return done
  }
}
