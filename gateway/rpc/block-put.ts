// block/put: each part of the body is one block, answered as soon as it is durable (spec: kubo-rpc §2.2).

import { DAG_PB, isIdentity } from '../../src/block/cid.ts'
import { LIMITS } from '../../src/limits.ts'
import { MiB } from '../../src/units.ts'
import { type CidRecipe, cidOfBytes, codecByName, isKnownHash } from './codecs.ts'
import { bool, type Call, command, int, type Options, text, values } from './command.ts'
import { failure } from './errors.ts'
import type { BodyPart } from './multipart.ts'
import { flatten, inBatches, mapAhead } from './streams.ts'

const OPTIONS = {
  'cid-codec': text('raw'),
  mhtype: text('sha2-256'),
  mhlen: int(-1),
  pin: bool(false),
  'allow-big-block': bool(false),
  format: text('', 'f'),
} satisfies Options

/** Blocks that come without waiting share the syncs of the disk: ipfs-cluster sends hundreds of thousands in one request. */
const BATCH_BLOCKS = 256
const BATCH_BYTES = 4 * MiB

const TOO_BIG =
  "produced block is over 2MiB: big blocks can't be exchanged with other peers. consider using UnixFS for automatic chunking of bigger files, or pass --allow-big-block to override"

export const blockPut = command({
  file: 'data',
  options: OPTIONS,
  run: call => {
    const recipe = recipeOf(call)
    const batches = inBatches(wholeParts(call.files()), { count: BATCH_BLOCKS, bytes: BATCH_BYTES })
    return values(flatten(mapAhead(batches, 2, batch => putBatch(call, recipe, batch))))
  },
})

function recipeOf({ options }: Call<typeof OPTIONS>): CidRecipe {
  const { format, mhtype: hash, mhlen: digestBytes } = options
  if (!isKnownHash(hash)) throw failure(`unrecognized multihash function: ${hash}`)
  if (format === 'v0') return { version: 0, codec: DAG_PB, hash, digestBytes }
  const name = LEGACY_FORMATS[format] ?? (format === '' ? options['cid-codec'] : format)
  return { version: 1, codec: codecByName(name), hash, digestBytes }
}

const LEGACY_FORMATS: Record<string, string> = { protobuf: 'dag-pb', cbor: 'dag-cbor' }

export async function* wholeParts(parts: AsyncIterable<BodyPart>): AsyncGenerator<Uint8Array> {
  for await (const { kind, content } of parts) {
    if (kind !== 'file') throw failure('expected a file')
    yield await wholePart(content)
  }
}

async function wholePart(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of content) {
    length += piece.byteLength
    // Ours is the limit of the bitswap specification, for every door: `allow-big-block` cannot lift it.
    if (length > LIMITS.blockBytes.value) throw failure(TOO_BIG)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

async function putBatch(
  { node, options, signal, formatCid }: Call<typeof OPTIONS>,
  recipe: CidRecipe,
  batch: readonly Uint8Array[],
): Promise<unknown[]> {
  const blocks = batch.map(bytes => ({ cid: cidOfBytes(bytes, recipe), bytes }))
  await node.putBlocks(
    blocks.filter(({ cid }) => !isIdentity(cid)),
    { signal },
  )
  for (const { cid } of options.pin ? blocks : []) await node.pins.add(cid, { signal })
  return blocks.map(({ cid, bytes }) => ({ Key: formatCid(cid), Size: bytes.byteLength }))
}
