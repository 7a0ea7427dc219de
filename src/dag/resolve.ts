// What a content path leads to: link by link through folders, shards and documents, reading only what lies on the way.

import { CID } from 'multiformats/cid'
import type { ContentPath, Entry, Resolved } from '../api/content.ts'
import { DAG_PB, RAW } from '../block/cid.ts'
import type { BlockSource, Wait } from '../block/source.ts'
import { CairnError } from '../errors.ts'
import { blockSize, loadBlock } from './blocks.ts'
import { decodeBlock, isDocument } from './codecs.ts'
import { bytesOfName, escapeName } from './names.ts'
import { type FindOptions, findInShards } from './unixfs/hamt.ts'
import { hasUnixfs, Links, linksOfPlainNode, nameText, readNode, type UnixfsNode } from './unixfs/node.ts'

export interface ResolveOptions extends Wait {
  /** Called with each block that is read to go on from it, shards included, in order. */
  readonly onBlock?: FindOptions['onBlock']
}

export interface PathEnd {
  readonly cid: CID
  readonly roots: readonly CID[]
  readonly remainder: readonly string[]
}

/** NO_LINK names what is missing and where. Symlinks on the way are not followed (spec: gateway §2.11). */
export async function resolvePath(source: BlockSource, path: ContentPath, options: ResolveOptions): Promise<Resolved> {
  const end = await followPath(source, path, options)
  return { ...(await describeEntry(source, end.cid, options)), ...end }
}

/** As `resolvePath`, without a look at what lies at the end: it may be a block of any kind, or not be here. */
export async function followPath(
  source: BlockSource,
  { root, segments }: ContentPath,
  options: ResolveOptions,
): Promise<PathEnd> {
  const roots = [root]
  let cid = root
  let rest = segments
  while (rest.length > 0) {
    options.signal.throwIfAborted()
    const next = await follow(source, cid, rest, options)
    if (next === undefined) break
    // Inside a document every step but the last has led nowhere else.
    for (let inside = rest.length - next.rest.length; inside > 1; inside--) roots.push(cid)
    cid = next.cid
    rest = next.rest
    roots.push(cid)
  }
  return { cid, roots, remainder: rest }
}

interface Step {
  readonly cid: CID
  readonly rest: readonly string[]
}

/** Undefined if the path ends inside the document `cid`. */
async function follow(
  source: BlockSource,
  cid: CID,
  segments: readonly string[],
  options: ResolveOptions,
): Promise<Step | undefined> {
  const [name = '', ...rest] = segments
  if (cid.code !== DAG_PB && !isDocument(cid.code)) {
    // Nothing can be said of a block that is not here.
    await blockSize(source, cid, options)
    throw noLink(name, cid)
  }
  const bytes = await loadBlock(source, cid, options)
  options.onBlock?.(cid, bytes)
  if (cid.code !== DAG_PB) return followDocument(cid, bytes, segments)
  const key = bytesOfName(name)
  const node = folderNode(cid, bytes)
  if (node instanceof Links) return linkOf(node, key, rest) ?? missing(name, cid)
  const found = node.unixfs.type === 'shard' ? await findInShards(source, node, key, options) : undefined
  if (found !== undefined) return { cid: found, rest }
  return (node.unixfs.type === 'directory' ? linkOf(node.links, key, rest) : undefined) ?? missing(name, cid)
}

/** Nodes of other uses have names on their links all the same. */
function folderNode(cid: CID, bytes: Uint8Array): UnixfsNode | Links {
  try {
    return readNode(cid, bytes)
  } catch (error) {
    const links = linksOfPlainNode(cid, bytes)
    if (links === undefined) throw error
    return links
  }
}

function linkOf(links: Links, key: Uint8Array, rest: readonly string[]): Step | undefined {
  const index = links.find(key)
  return index < 0 ? undefined : { cid: links.cid(index), rest }
}

function missing(name: string, cid: CID): never {
  throw noLink(name, cid)
}

function followDocument(cid: CID, bytes: Uint8Array, segments: readonly string[]): Step | undefined {
  let value = decodeBlock(cid, bytes)
  for (const [index, segment] of segments.entries()) {
    const link = CID.asCID(value)
    if (link !== null) return { cid: link, rest: segments.slice(index) }
    value = member(value, segment)
    if (value === undefined) throw noLink(segment, cid)
  }
  const link = CID.asCID(value)
  return link === null ? undefined : { cid: link, rest: [] }
}

function member(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return /^(0|[1-9]\d*)$/.test(key) ? value[Number(key)] : undefined
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return undefined
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
}

/** Kubo's words, which programs look for. */
const noLink = (name: string, cid: CID) =>
  new CairnError('NO_LINK', `no link named "${escapeName(name)}" under ${cid}`, { cid })

/** The entry behind a CID; without waiting if its block is at hand. */
export function entryOf(source: BlockSource, cid: CID, options: Wait): Entry | Promise<Entry> {
  if (cid.code === RAW)
    return whenKnown(blockSize(source, cid, options), sizeBytes => ({ cid, kind: 'file', sizeBytes }))
  return whenKnown(loadBlock(source, cid, options), bytes => describeBlock(cid, bytes))
}

export async function describeEntry(source: BlockSource, cid: CID, options: Wait): Promise<Entry> {
  options.signal.throwIfAborted()
  return entryOf(source, cid, options)
}

function describeBlock(cid: CID, bytes: Uint8Array): Entry {
  const other = { cid, kind: 'other', sizeBytes: bytes.byteLength } as const
  if (cid.code !== DAG_PB || !hasUnixfs(cid, bytes)) return other
  const { unixfs } = readNode(cid, bytes)
  const metadata = {
    ...(unixfs.mode === undefined ? {} : { mode: unixfs.mode }),
    ...(unixfs.mtime === undefined ? {} : { mtime: unixfs.mtime }),
  }
  switch (unixfs.type) {
    case 'file':
    case 'raw':
      return { cid, kind: 'file', sizeBytes: unixfs.sizeBytes, ...metadata }
    case 'symlink':
      return { cid, kind: 'symlink', sizeBytes: unixfs.data.byteLength, target: nameText(unixfs.data), ...metadata }
    case 'directory':
    case 'shard':
      return { cid, kind: 'directory', sizeBytes: bytes.byteLength, ...metadata }
    default:
      return other
  }
}

export function whenKnown<T, R>(value: T | Promise<T>, then: (value: T) => R): R | Promise<R> {
  return value instanceof Promise ? value.then(then) : then(value)
}
