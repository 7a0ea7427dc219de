// The bytes of a file, or of a range of it: pulled by the reader, so that a slow one makes nobody buffer.

import type { CID } from 'multiformats/cid'
import type { ReadOptions } from '../../api/content.ts'
import { DAG_PB, RAW } from '../../block/cid.ts'
import type { BlockSource } from '../../block/source.ts'
import { CairnError } from '../../errors.ts'
import { borrowBlock, loadBlock } from '../blocks.ts'
import { clip, Leaves } from './leaves.ts'
import { isContent, readNode, type UnixfsNode } from './node.ts'

/**
 * IS_DIRECTORY, NOT_A_FILE, or BAD_BLOCK as soon as the DAG contradicts itself. A symlink reads as its target
 * (spec: gateway §2.11). With `reuse`, a chunk is good until the next is asked for.
 */
export async function* readFile(source: BlockSource, cid: CID, options: ReadOptions): AsyncGenerator<Uint8Array> {
  const { offset = 0, length = Number.MAX_SAFE_INTEGER, reuse = false, signal } = options
  if (offset < 0 || length < 0) throw new CairnError('BAD_RANGE', 'a range cannot begin or end before the first byte')
  signal.throwIfAborted()
  const range = { from: offset, to: Math.min(Number.MAX_SAFE_INTEGER, offset + length) }
  if (cid.code === RAW) {
    yield* readLeaf(source, cid, { ...range, reuse, signal })
    return
  }
  const node = fileNode(cid, cid.code === DAG_PB ? await loadBlock(source, cid, options) : undefined)
  const head = clip(node.unixfs.data, 0, range)
  if (head.byteLength > 0) yield head
  if (node.links.count === 0 || !isContent(node.unixfs)) return
  const leaves = new Leaves(source, node, { ...range, reuse, signal })
  let release = () => {}
  try {
    for (let leaf = await leaves.next(); leaf !== undefined; leaf = await leaves.next()) {
      release = () => leaf.release()
      yield leaf.bytes
      // Cleared first: a release that fails must not be called again.
      release = () => {}
      leaf.release()
    }
  } finally {
    release()
    leaves.close()
  }
}

async function* readLeaf(
  source: BlockSource,
  cid: CID,
  { reuse, signal, ...range }: { from: number; to: number; reuse: boolean; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  if (!reuse) {
    const bytes = clip(await loadBlock(source, cid, { signal }), 0, range)
    if (bytes.byteLength > 0) yield bytes
    return
  }
  const block = await borrowBlock(source, cid, { signal })
  try {
    const bytes = clip(block.bytes, 0, range)
    if (bytes.byteLength > 0) yield bytes
  } finally {
    block.release()
  }
}

function fileNode(cid: CID, bytes: Uint8Array | undefined): UnixfsNode {
  const node = bytes === undefined ? undefined : readNode(cid, bytes)
  const type = node?.unixfs.type
  if (type === 'directory' || type === 'shard') throw new CairnError('IS_DIRECTORY', `${cid} is a directory`, { cid })
  if (node === undefined || type === 'metadata') throw new CairnError('NOT_A_FILE', `${cid} is not a file`, { cid })
  return node
}
