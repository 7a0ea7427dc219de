// The small world of the model test: DAGs that share leaves, subtrees and multihashes, of every size that has a place of its own.

import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { DAG_PB, RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import type { NewBlock } from '../../src/block/source.ts'
import { KiB } from '../../src/units.ts'
import { leaf } from '../store/support.ts'

export interface WorldDag {
  readonly root: CID
  /** Every block once, leaves first, by key. */
  readonly blocks: readonly string[]
}

export const keyOf = (cid: CID): string => Buffer.from(cid.multihash.bytes).toString('hex')

/** Every block there can be, by multihash. */
export const BLOCKS = new Map<string, NewBlock>()
/** The keys of the blocks below one, by its key, under its own codec. */
export const CHILDREN = new Map<string, readonly string[]>()

function register(block: NewBlock, children: readonly CID[] = []): CID {
  BLOCKS.set(keyOf(block.cid), block)
  CHILDREN.set(keyOf(block.cid), children.map(keyOf))
  return block.cid
}

const leafOf = (seed: string, sizeBytes: number): CID => register(leaf(`model ${seed}`, sizeBytes))

/** A UnixFS folder: the file tree links it too. */
function folderOf(...children: readonly CID[]): CID {
  const Links = children.map((Hash, index) => ({ Name: `${index}`, Hash, Tsize: 1 }))
  const bytes = dagPb.encode({ Data: new UnixFS({ type: 'directory' }).marshal(), Links })
  return register({ cid: CID.createV1(DAG_PB, sha256(bytes)), bytes, hasLinks: true }, children)
}

const small = ['x', 'y', 'z'].map(seed => leafOf(seed, 100)) as [CID, CID, CID]
/** From 16 KiB on an operation looks for its own hit before it hands the bytes over. */
const middle = ['a', 'b'].map(seed => leafOf(seed, 17 * KiB)) as [CID, CID]
/** Eight of these fill a group that goes to a pack. */
const bulk = Array.from({ length: 12 }, (_, index) => leafOf(`bulk ${index}`, 9 * KiB))
/** Alone in its group, and in the cache, it is a file. */
const large = leafOf('large', 70 * KiB)

const inner = folderOf(small[0], small[1])
const roots: readonly CID[] = [
  inner,
  folderOf(small[0], middle[0]),
  folderOf(inner, middle[0], middle[1]),
  folderOf(...bulk.slice(0, 8)),
  folderOf(...bulk.slice(4, 12)),
  large,
  folderOf(large, small[2]),
  // The same multihash as a leaf: seen as raw is not seen expanded.
  CID.createV1(RAW, inner.multihash),
]

function blocksOf(root: CID): string[] {
  const key = keyOf(root)
  const below = root.code === RAW ? [] : (CHILDREN.get(key) ?? [])
  return [...new Set([...below.flatMap(child => blocksOf((BLOCKS.get(child) as NewBlock).cid)), key])]
}

export const DAGS: readonly WorldDag[] = roots.map(root => ({ root, blocks: blocksOf(root) }))
export const DAG_COUNT = DAGS.length
export const KEYS: readonly string[] = [...BLOCKS.keys()]

export const dagAt = (index: number): WorldDag => DAGS[index] as WorldDag
export const blockAt = (key: string): NewBlock => BLOCKS.get(key) as NewBlock

/** A CID whose bytes nobody has; whoever claims to bring them lies. */
export const LIE = CID.createV1(RAW, sha256(new TextEncoder().encode('what was promised')))
export const LIE_BYTES = new TextEncoder().encode('what was brought')
