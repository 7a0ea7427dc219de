// Sharded folders (HAMT): what one shard must look like, and the way of a name through the levels.

import type { CID } from 'multiformats/cid'
import { DAG_PB } from '../../block/cid.ts'
import type { BlockSource, Wait } from '../../block/source.ts'
import { LIMITS } from '../../limits.ts'
import { badBlock, loadBlock } from '../blocks.ts'
import { murmur3 } from '../import/murmur3.ts'
import { readNode, type UnixfsNode } from './node.ts'

const MURMUR3_X64_64 = 0x22
const HASH_BITS = 64
/** Boxo takes no more; a wider shard would not fit into a block either. */
const MAX_FANOUT = 1024

export interface Shard {
  readonly node: UnixfsNode
  readonly fanout: number
  /** Hex digits that stand for the slot in front of each name. */
  readonly digits: number
  /** Bits of the hash that one level uses up. */
  readonly bits: number
  /** The slot of each link, ascending. */
  readonly slots: readonly number[]
}

/** BAD_BLOCK unless fan-out, bit field and the slots of the links agree (H23); `parent` is the shard that links to it. */
export function readShard(node: UnixfsNode, parent?: Shard): Shard {
  const { cid, links, unixfs } = node
  const { fanout, hashType, data: bitfield } = unixfs
  const bits = Math.log2(fanout)
  if (unixfs.type !== 'shard') throw badBlock(cid, 'should be a shard of a folder and is none')
  if (!Number.isInteger(bits) || fanout % 8 !== 0 || fanout > MAX_FANOUT)
    throw badBlock(cid, `is a shard of fan-out ${fanout}`)
  if (parent !== undefined && parent.fanout !== fanout)
    throw badBlock(cid, 'has another fan-out than the shard above it')
  if (hashType !== MURMUR3_X64_64) throw badBlock(cid, 'is a shard by a hash function other than murmur3-x64-64')
  if (bitfield.byteLength > fanout / 8) throw badBlock(cid, 'is a shard with a bit field longer than its fan-out')
  const digits = (fanout - 1).toString(16).length
  const slots: number[] = []
  for (let index = 0; index < links.count; index++) {
    const slot = slotOf(links.name(index).subarray(0, digits), digits)
    if (slot === undefined || slot >= fanout || slot <= (slots.at(-1) ?? -1) || !isSet(bitfield, slot)) {
      throw badBlock(cid, 'is a shard whose links are not where its bit field says')
    }
    slots.push(slot)
  }
  if (countBits(bitfield) !== slots.length) throw badBlock(cid, 'is a shard whose bit field names links that it lacks')
  return { node, fanout, digits, bits, slots }
}

/** Only digits in front: the link leads to the next level, not to an entry. */
export const isSubShard = ({ node, digits }: Shard, index: number): boolean => node.links.nameLength(index) === digits

/** The way of a name: the slot it belongs to at each level. */
export class NamePath {
  readonly #hash: { readonly high: number; readonly low: number }

  constructor(name: Uint8Array) {
    this.#hash = murmur3(name)
  }

  /** Undefined when the hash has no bits left. */
  slot(depth: number, bits: number): number | undefined {
    const from = depth * bits
    const to = from + bits
    if (to > HASH_BITS || depth >= LIMITS.hamtDepth.value) return undefined
    const { high, low } = this.#hash
    const mask = 2 ** bits - 1
    if (to <= 32) return (high >>> (32 - to)) & mask
    if (from >= 32) return (low >>> (64 - to)) & mask
    return ((high << (to - 32)) | (low >>> (64 - to))) & mask
  }
}

/** The levels a folder of this fan-out can have. */
export const maxLevels = (bits: number): number => Math.min(Math.floor(HASH_BITS / bits), LIMITS.hamtDepth.value)

export interface FindOptions extends Wait {
  /** Called with each shard below the first that is read on the way. */
  readonly onBlock?: ((cid: CID, bytes: Uint8Array) => void) | undefined
}

/** The entry of this name below a sharded folder, reading only the shards on its way. */
export async function findInShards(
  source: BlockSource,
  folder: UnixfsNode,
  name: Uint8Array,
  options: FindOptions,
): Promise<CID | undefined> {
  const path = new NamePath(name)
  let shard = readShard(folder)
  for (let depth = 0; ; depth++) {
    const slot = path.slot(depth, shard.bits)
    if (slot === undefined) throw badBlock(shard.node.cid, 'lies deeper in its folder than a hash reaches')
    const index = shard.slots.indexOf(slot)
    if (index < 0) return undefined
    const { links } = shard.node
    if (!isSubShard(shard, index)) {
      return Buffer.compare(links.name(index, shard.digits), name) === 0 ? links.cid(index) : undefined
    }
    const cid = links.cid(index)
    shard = readSubShard(cid, await loadBlock(source, cid, options), shard)
    options.onBlock?.(cid, shard.node.bytes)
  }
}

export function readSubShard(cid: CID, bytes: Uint8Array, parent: Shard): Shard {
  if (cid.code !== DAG_PB) throw badBlock(cid, 'should be a shard of a folder and is none')
  return readShard(readNode(cid, bytes), parent)
}

/** Slots are written in upper-case hex digits; undefined if these are none. */
function slotOf(prefix: Uint8Array, digits: number): number | undefined {
  if (prefix.byteLength !== digits) return undefined
  let slot = 0
  for (const byte of prefix) {
    if (byte >= 0x30 && byte <= 0x39) slot = slot * 16 + byte - 0x30
    else if (byte >= 0x41 && byte <= 0x46) slot = slot * 16 + byte - 0x37
    else return undefined
  }
  return slot
}

/** The last byte holds the lowest slots; zeros in front are left out. */
function isSet(bitfield: Uint8Array, slot: number): boolean {
  return (((bitfield[bitfield.byteLength - 1 - (slot >> 3)] ?? 0) >> (slot & 7)) & 1) === 1
}

function countBits(bitfield: Uint8Array): number {
  let count = 0
  for (let byte of bitfield) for (; byte > 0; byte &= byte - 1) count++
  return count
}
