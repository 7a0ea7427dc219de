// The entries of one folder, plain or sharded, as they come: shards are read a few ahead and forgotten behind.

import type { CID } from 'multiformats/cid'
import type { DirectoryEntry } from '../../api/content.ts'
import { DAG_PB } from '../../block/cid.ts'
import type { BlockSource, Wait } from '../../block/source.ts'
import { childSignal } from '../../block/waiting.ts'
import { CairnError } from '../../errors.ts'
import { createPace } from '../../store/collect/pace.ts'
import { badBlock, loadBlock } from '../blocks.ts'
import { textOfName } from '../names.ts'
import { isSubShard, maxLevels, NamePath, readShard, readSubShard, type Shard } from './hamt.ts'
import { readNode, type UnixfsNode } from './node.ts'

/** Shards read ahead below one shard, and in the whole listing. */
const READ_AHEAD = 8
const MAX_PENDING = 32

/** NOT_A_DIRECTORY for anything else. Stored order: by name, or by hash where it is sharded. */
export async function* listDirectory(source: BlockSource, cid: CID, options: Wait): AsyncGenerator<DirectoryEntry> {
  options.signal.throwIfAborted()
  const node = cid.code === DAG_PB ? readNode(cid, await loadBlock(source, cid, options)) : undefined
  if (node?.unixfs.type === 'shard') yield* listShards(source, readShard(node), options)
  else if (node?.unixfs.type === 'directory') {
    for (let index = 0; index < node.links.count; index++) yield entryAt(node, index, 0)
  } else throw new CairnError('NOT_A_DIRECTORY', `${cid} is not a directory`, { cid })
}

const entryAt = ({ links }: UnixfsNode, index: number, skip: number): DirectoryEntry => ({
  name: textOfName(links.name(index, skip)),
  cid: links.cid(index),
  totalBytes: links.totalBytes(index),
})

interface Frame {
  readonly shard: Shard
  index: number
  /** The next link to look at for reading ahead. */
  ahead: number
  readonly pending: (Uint8Array | Promise<Uint8Array>)[]
}

async function* listShards(source: BlockSource, root: Shard, options: Wait): AsyncGenerator<DirectoryEntry> {
  const pace = createPace(options.signal)
  const stop = new AbortController()
  const wait = { signal: childSignal(options.signal, stop.signal) }
  const frames: Frame[] = [{ shard: root, index: 0, ahead: 0, pending: [] }]
  const pending = { count: 0 }
  try {
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const { shard } = frame
      const { links, cid } = shard.node
      if (frame.index === links.count) {
        frames.pop()
        continue
      }
      const index = frame.index++
      if (!isSubShard(shard, index)) {
        checkPlace(frames, links.name(index, shard.digits))
        yield entryAt(shard.node, index, shard.digits)
        continue
      }
      if (frames.length >= maxLevels(shard.bits)) throw badBlock(cid, 'lies deeper in its folder than a hash reaches')
      readAhead(source, frame, index, pending, wait)
      pending.count--
      const bytes = await (frame.pending.shift() as Uint8Array | Promise<Uint8Array>)
      frames.push({ shard: readSubShard(links.cid(index), bytes, shard), index: 0, ahead: 0, pending: [] })
      await pace()
    }
  } finally {
    stop.abort()
  }
}

/** Begins to read the sub-shards from `index` on that are not being read yet. */
function readAhead(source: BlockSource, frame: Frame, index: number, pending: { count: number }, wait: Wait): void {
  const { links } = frame.shard.node
  frame.ahead = Math.max(frame.ahead, index)
  while (frame.ahead < links.count && frame.pending.length < READ_AHEAD) {
    if (frame.pending.length > 0 && pending.count >= MAX_PENDING) break
    const next = frame.ahead++
    if (!isSubShard(frame.shard, next)) continue
    const bytes = loadBlock(source, links.cid(next), wait)
    // It is awaited in its turn; until then its failure is not unhandled.
    if (bytes instanceof Promise) bytes.catch(() => {})
    frame.pending.push(bytes)
    pending.count++
  }
}

/** An entry that lies where its hash does not lead would be listed and never found. */
function checkPlace(frames: readonly Frame[], name: Uint8Array): void {
  const path = new NamePath(name)
  for (const [depth, { shard, index }] of frames.entries()) {
    if (path.slot(depth, shard.bits) !== shard.slots[index - 1]) {
      throw badBlock(shard.node.cid, 'has an entry in a slot that is not that of its name')
    }
  }
}
