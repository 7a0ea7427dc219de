// Writing CARv1: one root, deterministic, depth first, each CID once unless duplicates are wanted; a block that is missing breaks the stream.

import type { CID } from 'multiformats/cid'
import type { CarOptions, ContentPath } from '../../api/content.ts'
import { DAG_PB, isIdentity } from '../../block/cid.ts'
import type { BlockSource } from '../../block/source.ts'
import { encodeVarint } from '../../block/varint.ts'
import { KiB } from '../../units.ts'
import { loadBlock } from '../blocks.ts'
import { followPath } from '../resolve.ts'
import { isSubShard, readShard, readSubShard, type Shard } from '../unixfs/hamt.ts'
import { hasUnixfs, isContent, readNode } from '../unixfs/node.ts'
import { type Section, walkSections } from '../walk-sections.ts'
import { encodeCarHeader } from './car-header.ts'
import { rangeSections } from './car-range.ts'

/** Sections are gathered until they fill so much. */
const CHUNK_BYTES = 256 * KiB
/** Blocks from here on leave as they are, beside the chunk. */
const LARGE_BYTES = 64 * KiB

type Block = Pick<Section, 'cid' | 'bytes'>

/**
 * The blocks that prove the path, then what `scope` asks for below its end (spec: gateway §2.14). The root in the header
 * is the CID that the path leads to. Identity CIDs are written as Kubo's `dag export` does, unless `identity` is false.
 */
export async function* exportCar(
  source: BlockSource,
  path: ContentPath,
  options: CarOptions,
): AsyncGenerator<Uint8Array> {
  const way: Block[] = []
  const { cid, remainder } = await followPath(source, path, {
    signal: options.signal,
    onBlock: (cid, bytes) => way.push({ cid, bytes }),
  })
  // A path that ends inside a document has had that document for its last step.
  const ends = remainder.length > 0 ? way.splice(-1) : []
  // Whether the end of the path can be had is known before the first byte leaves.
  const end = ends[0] ?? { cid, bytes: await loadBlock(source, cid, options) }
  yield* gather(encodeCarHeader(cid), chain(way, below(source, end, options)), options)
}

async function* below(
  source: BlockSource,
  { cid, bytes }: Block,
  { scope = 'all', bytes: range, duplicates = false, skipMissing = false, signal }: CarOptions,
): AsyncGenerator<Section> {
  const isUnixfs = scope === 'entity' && cid.code === DAG_PB && hasUnixfs(cid, bytes)
  const node = isUnixfs ? readNode(cid, bytes) : undefined
  const type = node?.unixfs.type
  if (node !== undefined && range !== undefined && isContent(node.unixfs)) {
    yield* rangeSections(source, node, range, { duplicates, signal })
    return
  }
  const isWhole = scope === 'all' || (node !== undefined && isContent(node.unixfs))
  if (!isWhole && type !== 'shard') {
    yield owned({ cid, bytes })
    return
  }
  yield* walkSections(source, cid, {
    signal,
    distinct: duplicates ? 'none' : 'cid',
    ...(skipMissing ? { onMissing: () => {} } : {}),
    ...(isWhole ? {} : { linksOf: shardLinks() }),
  })
}

/** The links of a sharded folder that lead to its own shards. Of those above only the fan-out counts, which is the root's in all: none is kept. */
function shardLinks(): (cid: CID, bytes: Uint8Array) => CID[] {
  let root: Shard | undefined
  return (cid, bytes) => {
    const shard = root === undefined ? readShard(readNode(cid, bytes)) : readSubShard(cid, bytes, root)
    root ??= shard
    const links: CID[] = []
    for (let index = 0; index < shard.node.links.count; index++) {
      if (isSubShard(shard, index)) links.push(shard.node.links.cid(index))
    }
    return links
  }
}

async function* gather(
  header: Uint8Array,
  sections: AsyncIterable<Section>,
  { identity = true, reuse = false }: CarOptions,
): AsyncGenerator<Uint8Array> {
  let chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  chunk.set(header)
  let used = header.byteLength
  for await (const section of sections) {
    const { cid, bytes } = section
    try {
      if (!identity && isIdentity(cid)) continue
      const head = [encodeVarint(cid.bytes.byteLength + bytes.byteLength), cid.bytes]
      const parts = bytes.byteLength < LARGE_BYTES ? [...head, bytes] : head
      const length = parts.reduce((sum, part) => sum + part.byteLength, 0)
      if (used + length > chunk.byteLength) {
        if (used > 0) yield chunk.subarray(0, used)
        if (!reuse) chunk = Buffer.allocUnsafe(CHUNK_BYTES)
        used = 0
      }
      for (const part of parts) {
        chunk.set(part, used)
        used += part.byteLength
      }
      if (parts !== head) continue
      yield chunk.subarray(0, used)
      yield reuse ? bytes : new Uint8Array(bytes)
      // What was filled has been given away; the rest takes the next sections.
      if (!reuse) chunk = chunk.subarray(used)
      used = 0
    } finally {
      section.release()
    }
  }
  if (used > 0) yield chunk.subarray(0, used)
}

async function* chain(way: readonly Block[], rest: AsyncIterable<Section>): AsyncGenerator<Section> {
  yield* way.map(owned)
  yield* rest
}

const owned = ({ cid, bytes }: Block): Section => ({ cid, bytes, release: () => {} })
