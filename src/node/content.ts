// The content half of a node: paths, files, folders, CARs over its blocks, with one cache of resolved paths.

import type { CID } from 'multiformats/cid'
import type { ContentApi, ContentPath, Resolved, TreeEntry } from '../api/content.ts'
import { blockKey } from '../block/cid.ts'
import type { BlockSource, Wait } from '../block/source.ts'
import { childSignal } from '../block/waiting.ts'
import { exportCar } from '../dag/car/car-write.ts'
import { Lru } from '../dag/lru.ts'
import { describeEntry, resolvePath } from '../dag/resolve.ts'
import { listDirectory } from '../dag/unixfs/list.ts'
import { readFile } from '../dag/unixfs/read.ts'
import { walkTree } from '../dag/unixfs/tree.ts'
import { walkDag } from '../dag/walk.ts'
import { isCairnError } from '../errors.ts'
import type { Denylist } from '../policy/denylist.ts'
import { guardSource } from '../policy/guard.ts'
import type { Store } from '../store/store.ts'
import type { Sources } from './sources.ts'

/** Resolved immutable paths: a path never changes what it leads to, so nothing ever needs to be dropped for being stale. */
const RESOLVED_PATHS = 20_000

export interface ContentParts {
  readonly store: Store
  /** Guarded by the denylist already. */
  readonly sources: Sources
  readonly denylist: Denylist
}

export function createContent({ store, sources, denylist }: ContentParts): ContentApi {
  const resolved = new Lru<string, Resolved>({ max: RESOLVED_PATHS })
  const resolve: ContentApi['resolve'] = async (path, options) => {
    // As it was asked for, before anything is looked up (spec: gateway §1.10).
    if (denylist.isActive) denylist.refuse({ cid: path.root, path: path.segments }, 'content')
    const found = await follow(path, options)
    denylist.refuseSteps(path, found.roots, 'content')
    return found
  }
  const follow: ContentApi['resolve'] = async (path, options) => {
    const key = pathKey(path)
    const known = resolved.get(key)
    // What was collected since must be asked for again; what is in memory can be given, without a question to SQLite.
    if (known !== undefined && (store.peek(known.cid) !== undefined || store.has(known.cid))) return known
    const found = await resolvePath(sources.of(path.root), path, options)
    resolved.set(key, found)
    return found
  }
  return {
    resolve,
    read: (cid, options) => readFile(sources.of(options.root ?? cid), cid, options),
    list: (cid, options) => listDirectory(sources.of(options.root ?? cid), cid, options),
    tree: (cid, options) => {
      const source = sources.of(options.root ?? cid)
      return sources.isOnline ? fetchAhead(source, cid, options) : walkTree(source, cid, options)
    },
    stat: (cid, options) => describeEntry(sources.of(options.root ?? cid), cid, options),
    exportCar: (path, options) => {
      if (denylist.isActive) denylist.refuse({ cid: path.root, path: path.segments }, 'content')
      return exportCar(sources.of(path.root), path, options)
    },
    blocks: root => sources.of(root),
    local: guardSource(store, denylist),
  }
}

/** A tree is read file by file; what is missing of it comes many blocks at a time, into the cache, meanwhile. */
async function* fetchAhead(source: BlockSource, cid: CID, options: Wait): AsyncGenerator<TreeEntry> {
  const stop = new AbortController()
  const signal = childSignal(options.signal, stop.signal)
  const ahead = fetchMissing(source, cid, { signal })
  try {
    yield* walkTree(source, cid, options)
  } finally {
    stop.abort()
    await ahead
  }
}

async function fetchMissing(source: BlockSource, cid: CID, { signal }: Wait): Promise<void> {
  const readLeaves = (leaf: CID) => !source.has(leaf)
  // What cannot be had is the reader's error, at the file that it concerns.
  const walk = walkDag(source, cid, { signal, readLeaves, concurrency: 16, onMissing: () => {} })
  try {
    for await (const _ of walk);
  } catch (error) {
    if (!signal.aborted && !isCairnError(error)) throw error
  }
}

function pathKey({ root, segments }: ContentPath): string {
  return `${root.code}:${root.version}:${blockKey(root as CID)}/${segments.join('/')}`
}
