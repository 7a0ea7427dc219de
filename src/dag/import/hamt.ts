// A sharded folder (HAMT) from all its links at once: sorted by hash, every shard is a range of them.

import { CairnError } from '../../errors.ts'
import { ByteWriter } from './bytes.ts'
import { appendData, appendLink, readLink } from './dag-pb.ts'
import { type Metadata, NO_METADATA } from './metadata.ts'
import { murmur3 } from './murmur3.ts'
import { shardMessage } from './unixfs.ts'
import type { BlockWriter, Child } from './writer.ts'

const HASH_BITS = 64

interface Entries {
  readonly links: Uint8Array
  /** Indexes of the entries in order of their hashes. */
  readonly order: Uint32Array
  readonly starts: Float64Array
  readonly high: Uint32Array
  readonly low: Uint32Array
}

interface Range {
  readonly from: number
  readonly to: number
  /** Bits of the hash that led here. */
  readonly depth: number
}

/** `links` are encoded links, as a plain folder has them. */
export function writeShards(
  writer: BlockWriter,
  links: Uint8Array,
  { count, metadata }: { count: number; metadata: Metadata },
): Promise<Child> {
  return writeShard(writer, sortByHash(links, count), { from: 0, to: count, depth: 0 }, metadata)
}

function sortByHash(links: Uint8Array, count: number): Entries {
  const starts = new Float64Array(count)
  const high = new Uint32Array(count)
  const low = new Uint32Array(count)
  for (let i = 0, start = 0; i < count; i++) {
    const { name, end } = readLink(links, start)
    const hash = murmur3(name)
    starts[i] = start
    high[i] = hash.high
    low[i] = hash.low
    start = end
  }
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  const at = (words: Uint32Array, i: number): number => words[i] as number
  order.sort((a, b) => at(high, a) - at(high, b) || at(low, a) - at(low, b))
  return { links, order, starts, high, low }
}

async function writeShard(writer: BlockWriter, entries: Entries, range: Range, metadata: Metadata): Promise<Child> {
  const { fanout } = writer.recipe
  const bits = Math.log2(fanout)
  if (range.depth + bits > HASH_BITS) throw new CairnError('LIMIT', 'too many names of one folder have the same hash')
  const digits = (fanout - 1).toString(16).length
  const field = Buffer.alloc(fanout / 8)
  const out = new ByteWriter()
  let belowBytes = 0
  for (let from = range.from; from < range.to; ) {
    const slot = slotOf(entries, from, range.depth, bits)
    let to = from + 1
    while (to < range.to && slotOf(entries, to, range.depth, bits) === slot) to++
    field[field.length - 1 - (slot >> 3)]! |= 1 << (slot & 7)
    const prefix = slot.toString(16).toUpperCase().padStart(digits, '0')
    if (to - from === 1) {
      belowBytes += appendEntry(out, entries, from, prefix)
    } else {
      const shard = await writeShard(writer, entries, { from, to, depth: range.depth + bits }, NO_METADATA)
      appendLink(out, { cid: shard.cid.bytes, name: prefix, length: digits, size: shard.totalBytes })
      belowBytes += shard.totalBytes
    }
    from = to
  }
  const firstSet = field.findIndex(byte => byte !== 0)
  appendData(out, shardMessage(field.subarray(firstSet), fanout, metadata))
  const shard = writer.node(out.copy(), { fileBytes: 0, belowBytes, hasLinks: true })
  if (writer.mustPause) await writer.pause()
  return shard
}

/** The child an entry belongs to: the next `bits` of its hash, highest first. */
function slotOf({ order, high, low }: Entries, position: number, depth: number, bits: number): number {
  const index = order[position] as number
  const [first, second] = depth < 32 ? [high[index] as number, low[index] as number] : [low[index] as number, 0]
  const skip = depth % 32
  const mask = 2 ** bits - 1
  const over = skip + bits - 32
  if (over <= 0) return (first >>> -over) & mask
  return ((first << over) | (second >>> (32 - over))) & mask
}

/** Copies a link under its name with the prefix in front; returns what it adds to the size of the DAG. */
function appendEntry(out: ByteWriter, { links, order, starts }: Entries, position: number, prefix: string): number {
  const { cid, name, size } = readLink(links, starts[order[position] as number] as number)
  const text = prefix + Buffer.from(name.buffer, name.byteOffset, name.byteLength).toString()
  appendLink(out, { cid, name: text, length: prefix.length + name.length, size })
  return size
}
