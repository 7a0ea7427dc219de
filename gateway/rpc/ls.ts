// ls: the entries of folders, with sizes and types that take a look at each child (spec: kubo-rpc §2.1).

import { decode } from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import type { ContentApi, EntryKind, Resolved } from '../../src/api/content.ts'
import { DAG_PB, RAW } from '../../src/block/cid.ts'
import { loadBlock } from '../../src/dag/blocks.ts'
import { bool, command, value, values } from './command.ts'
import { resolveArgument } from './paths.ts'
import { gather, mapAhead } from './streams.ts'

interface Link {
  readonly name: string
  readonly cid: CID
  readonly totalBytes: number
}

interface Listing {
  readonly content: ContentApi
  readonly root: CID
  /** Whether to look at each child for its type and size. */
  readonly look: boolean
  isBlocked(cid: CID): boolean
  readonly signal: AbortSignal
  formatCid(cid: CID): string
}

interface LsLink {
  readonly Name: string
  readonly Hash: string
  readonly Size: number
  readonly Type: number
  readonly Target: string
  readonly Mode: number
  readonly ModTime: string
}

/** Children whose first block is being fetched at once. */
const LOOKS_AHEAD = 16
const NO_TIME = '0001-01-01T00:00:00Z'
const TYPES: Record<EntryKind, number> = { directory: 1, file: 2, symlink: 4, other: 0 }
/** Go's os.ModeDir. */
const GO_DIRECTORY = 2 ** 31

export const ls = command({
  args: [{ name: 'ipfs-path', many: true }],
  options: {
    headers: bool(false, 'v'),
    'resolve-type': bool(true),
    size: bool(true),
    stream: bool(false, 's'),
    long: bool(false, 'l'),
  },
  run: async ({ node, content, args, options, signal, formatCid }) => {
    const listings: { arg: string; links: AsyncIterable<LsLink> }[] = []
    const { denylist } = node
    const isBlocked = (cid: CID) => denylist.isActive && denylist.check({ cid }) !== undefined
    const look = options.size || options['resolve-type']
    for (const arg of args) {
      const found = await resolveArgument(content, arg, { signal })
      const listing = { content, root: found.root, look, isBlocked, signal, formatCid }
      listings.push({ arg, links: mapAhead(linksOf(found, listing), LOOKS_AHEAD, link => describe(link, listing)) })
    }
    if (options.stream) return values(oneByOne(listings))
    const objects: { Hash: string; Links: LsLink[] }[] = []
    for (const { arg, links } of listings) objects.push({ Hash: arg, Links: sortByName(await gather(links)) })
    return value({ Objects: objects })
  },
})

async function* oneByOne(listings: readonly { arg: string; links: AsyncIterable<LsLink> }[]) {
  for (const { arg, links } of listings) {
    for await (const link of links) yield { Objects: [{ Hash: arg, Links: [link] }] }
  }
}

/** A file lists its chunks under empty names; what is not UnixFS lists nothing. */
async function* linksOf(found: Resolved, { content, root, signal }: Listing): AsyncGenerator<Link> {
  if (found.kind === 'directory') yield* content.list(found.cid, { root, signal })
  else if (found.kind === 'file' && found.cid.code === DAG_PB) {
    const bytes = await loadBlock(content.blocks(root), found.cid, { signal })
    for (const { Hash, Name = '', Tsize = 0 } of decode(bytes).Links) yield { name: Name, cid: Hash, totalBytes: Tsize }
  }
}

async function describe(
  { name, cid, totalBytes }: Link,
  { content, root, look, isBlocked, signal, formatCid }: Listing,
): Promise<LsLink> {
  const plain = { Name: name, Hash: formatCid(cid), Size: 0, Type: 0, Target: '', Mode: 0, ModTime: NO_TIME }
  // Named, as in the listing of the gateway: that its folder has it is no secret, and the others in it are not blocked.
  if (isBlocked(cid)) return plain
  if (cid.code === RAW) return { ...plain, Size: totalBytes, Type: TYPES.file }
  if (cid.code !== DAG_PB || !look) return plain
  const { kind, sizeBytes, target = '', mode, mtime } = await content.stat(cid, { root, signal })
  return {
    ...plain,
    Size: kind === 'file' || kind === 'symlink' ? sizeBytes : 0,
    Type: TYPES[kind],
    Target: target,
    Mode: mode === undefined ? 0 : (mode & 0o777) + (kind === 'directory' ? GO_DIRECTORY : 0),
    ModTime: mtime === undefined ? NO_TIME : formatTime(mtime),
  }
}

/** RFC 3339 with as many digits of the second as there are. */
function formatTime({ secs, nsecs }: { secs: bigint; nsecs: number }): string {
  const date = new Date(Number(secs) * 1000)
  if (Number.isNaN(date.getTime())) return NO_TIME
  const fraction = nsecs === 0 ? '' : `.${String(nsecs).padStart(9, '0').replace(/0+$/, '')}`
  return date.toISOString().replace('.000Z', `${fraction}Z`)
}

/** By bytes, as Go sorts. */
function sortByName(links: readonly LsLink[]): LsLink[] {
  return links
    .map(link => ({ link, key: Buffer.from(link.Name) }))
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ link }) => link)
}
