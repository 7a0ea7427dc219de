// Where the node's blocks come from: the store first, then one network session per content root.

import type { CID } from 'multiformats/cid'
import { blockKey } from '../block/cid.ts'
import type { BlockSource, Wait } from '../block/source.ts'
import { isCairnError } from '../errors.ts'
import { METRICS } from '../observe/metrics.ts'
import type { Store } from '../store/store.ts'

/** Gets one block from elsewhere; what it returns has been hashed. */
export type FetchBlock = (cid: CID, options: Wait) => Promise<Uint8Array>

export interface Sources {
  /** The blocks of `root`: local ones first, then the network, if the node has one. */
  of(root: CID): BlockSource
}

export interface SourcesOptions {
  readonly store: Store
  /** Opens a session with the peers that have `root`; undefined while the node is offline. */
  readonly session?: ((root: CID) => FetchBlock) | undefined
}

export function createSources({ store, session }: SourcesOptions): Sources {
  if (session === undefined) return { of: () => store }
  const inFlight = new Map<string, Promise<Uint8Array>>()
  return {
    of: root => {
      let fetchBlock: FetchBlock | undefined
      return localThenNetwork(store, inFlight, (cid, options) => {
        fetchBlock ??= session(root)
        return fetchBlock(cid, options)
      })
    },
  }
}

function localThenNetwork(
  store: Store,
  inFlight: Map<string, Promise<Uint8Array>>,
  fetchBlock: FetchBlock,
): BlockSource {
  const fetchAndCache = async (cid: CID, options: Wait): Promise<Uint8Array> => {
    const bytes = await fetchBlock(cid, options)
    METRICS.fetchedBlocks.add()
    METRICS.fetchedBytes.add(bytes.byteLength)
    await store.cache(cid, bytes)
    return bytes
  }
  /** Two readers of one missing block share one fetch, but only while the first of them still wants it. */
  const fetchOnce = async (cid: CID, options: Wait): Promise<Uint8Array> => {
    const key = blockKey(cid)
    const running = inFlight.get(key)
    if (running !== undefined) {
      const bytes = await running.catch(() => undefined)
      if (bytes !== undefined) return bytes
      options.signal.throwIfAborted()
    }
    const fetched = fetchAndCache(cid, options).finally(() => inFlight.delete(key))
    inFlight.set(key, fetched)
    return fetched
  }
  const get = async (cid: CID, options: Wait): Promise<Uint8Array> => {
    try {
      return await store.get(cid, options)
    } catch (error) {
      if (!isElsewhere(error)) throw error
      return fetchOnce(cid, options)
    }
  }
  return {
    get,
    has: cid => store.has(cid),
    peek: cid => store.peek(cid),
    size: cid => store.stat(cid)?.sizeBytes,
    borrow: async (cid, options) => {
      try {
        return await store.borrow(cid, options)
      } catch (error) {
        if (!isElsewhere(error)) throw error
        return { bytes: await fetchOnce(cid, options), release: () => {} }
      }
    },
  }
}

/** A block that is not here, or was found damaged and dropped, may be had from a peer. */
function isElsewhere(error: unknown): boolean {
  return isCairnError(error, 'BLOCK_NOT_LOCAL') || isCairnError(error, 'CORRUPT_BLOCK')
}
