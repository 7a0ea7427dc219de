// The blocks of a file that some of its bytes need: the nodes on the way to them and the leaves, depth first (spec: gateway §2.14).

import type { CID } from 'multiformats/cid'
import { DAG_PB, RAW } from '../../block/cid.ts'
import type { BlockSource, Wait } from '../../block/source.ts'
import { childSignal } from '../../block/waiting.ts'
import { enforce } from '../../limits.ts'
import { badBlock, loadBlock } from '../blocks.ts'
import { isContent, readNode, type UnixfsNode } from '../unixfs/node.ts'
import type { Section } from '../walk-sections.ts'

/** Reads in flight below one node. */
const READ_AHEAD = 4

interface Part {
  readonly cid: CID
  readonly start: number
  readonly sizeBytes: number
  readonly bytes: Uint8Array | Promise<Uint8Array>
}

interface Frame {
  readonly node: UnixfsNode
  index: number
  start: number
  readonly pending: Part[]
}

interface Range {
  readonly from: number
  /** Inclusive. */
  readonly to: number
}

export interface RangeOptions extends Wait {
  readonly duplicates: boolean
}

/** Blocks outside of the range are not asked for: they need not exist. */
export async function* rangeSections(
  source: BlockSource,
  root: UnixfsNode,
  range: Range,
  { duplicates, signal }: RangeOptions,
): AsyncGenerator<Section> {
  const stop = new AbortController()
  const wait = { signal: childSignal(signal, stop.signal) }
  const written = new Set<string>()
  const isWritten = (cid: CID): boolean => {
    if (duplicates) return false
    const key = cid.toString()
    if (written.has(key)) return true
    written.add(key)
    return false
  }
  isWritten(root.cid)
  let visits = 0
  try {
    yield section(root.cid, root.bytes)
    const frames = [frameOf(root, 0)]
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      signal.throwIfAborted()
      const part = take(source, frame, range, wait)
      if (part === undefined) {
        frames.pop()
        continue
      }
      enforce('readVisits', ++visits, 'nodes of one file')
      const bytes = await part.bytes
      const node = checked(part, bytes)
      if (!isWritten(part.cid)) yield section(part.cid, bytes)
      if (node === undefined) continue
      enforce('fileDepth', frames.length + 1, 'levels of one file')
      frames.push(frameOf(node, part.start))
    }
  } finally {
    stop.abort()
  }
}

const section = (cid: CID, bytes: Uint8Array): Section => ({ cid, bytes, release: () => {} })

const frameOf = (node: UnixfsNode, start: number): Frame => ({
  node,
  index: 0,
  start: start + node.unixfs.data.byteLength,
  pending: [],
})

/** The next child that has bytes of the range, with the reads of those after it begun. */
function take(source: BlockSource, frame: Frame, { from, to }: Range, wait: Wait): Part | undefined {
  const { node, pending } = frame
  while (pending.length < READ_AHEAD && frame.index < node.links.count) {
    const { index, start } = frame
    const sizeBytes = node.unixfs.blockSizes[index] as number
    frame.index++
    frame.start += sizeBytes
    if (sizeBytes === 0 || start > to || start + sizeBytes <= from) continue
    const cid = node.links.cid(index)
    if (cid.code !== RAW && cid.code !== DAG_PB) throw badBlock(cid, 'is part of a file and is neither raw nor dag-pb')
    const bytes = loadBlock(source, cid, wait)
    // It is awaited in its turn; until then its failure is not unhandled.
    if (bytes instanceof Promise) bytes.catch(() => {})
    pending.push({ cid, start, sizeBytes, bytes })
  }
  return pending.shift()
}

/** Its node, if it has children; BAD_BLOCK if it is not as long as its parent says. */
function checked({ cid, sizeBytes }: Part, bytes: Uint8Array): UnixfsNode | undefined {
  const node = cid.code === DAG_PB ? readNode(cid, bytes) : undefined
  if (node !== undefined && !isContent(node.unixfs)) throw badBlock(cid, 'is part of a file and no file itself')
  const actual = node === undefined ? bytes.byteLength : node.unixfs.sizeBytes
  if (actual !== sizeBytes) {
    throw badBlock(cid, `has ${actual} bytes of a file, but its parent says ${sizeBytes}`)
  }
  return node === undefined || node.links.count === 0 ? undefined : node
}
