// Where the node's blocks come from: the store first, then one network session per content root.

import type { CID } from 'multiformats/cid'
import { blockKey } from '../block/cid.ts'
import { orAbort } from '../block/or-abort.ts'
import type { BlockSource, FetchState, Wait } from '../block/source.ts'
import { waitObserver } from '../block/waiting.ts'
import { Lru } from '../dag/lru.ts'
import { CairnError, isCairnError } from '../errors.ts'
import { METRICS } from '../observe/metrics.ts'
import type { Denylist } from '../policy/denylist.ts'
import { guardSource } from '../policy/guard.ts'
import type { Store } from '../store/store.ts'

/** Gets one block from elsewhere; what it returns has been hashed. */
export interface FetchBlock {
  (cid: CID, options: Wait): Promise<Uint8Array>
  /** How the search goes, where it can be told. */
  readonly state?: () => FetchState | undefined
}

export interface Sources {
  /** The blocks of `root`: local ones first, then the network, if the node has one. */
  of(root: CID): BlockSource
  /** The same for a pin, which keeps what it gets by itself: writing it to the cache first would be twice the work. */
  ofPin(root: CID): BlockSource
  /** Whether what is missing can be had at all. */
  readonly isOnline: boolean
}

/** Sessions that are remembered, each with a short list of peers. */
const SESSIONS = 256

/** Sources that know the denylist; pins are a door of their own. */
export const guardSources = (sources: Sources, denylist: Denylist): Sources => ({
  of: root => guardSource(sources.of(root), denylist),
  ofPin: root => guardSource(sources.ofPin(root), denylist, 'pin'),
  isOnline: sources.isOnline,
})

export interface SourcesOptions {
  readonly store: Store
  /** Opens a session with the peers that have `root`; undefined while the node is offline. */
  readonly session?: ((root: CID) => FetchBlock) | undefined
  /** What comes is counted and written to the cache by another process already. */
  readonly isRelayed?: boolean
}

export function createSources({ store, session, isRelayed = false }: SourcesOptions): Sources {
  if (session === undefined) return { of: () => store, ofPin: () => store, isOnline: false }
  const uncached = new SharedFetches(async (_cid, bytes) => countFetched(bytes))
  const cached = new SharedFetches(async (cid, bytes) => {
    if (isRelayed) return
    countFetched(bytes)
    await store.cache(cid, bytes)
  })
  // A session knows who has the root: the next file below it must not start to look again.
  const sessions = new Lru<string, FetchBlock>({ max: SESSIONS })
  const of = (fetches: SharedFetches) => (root: CID) => {
    const key = blockKey(root)
    const fetchBlock = (cid: CID, options: Wait) => {
      const known = sessions.get(key) ?? session(root)
      sessions.set(key, known)
      return known(cid, options)
    }
    return localThenNetwork(store, fetches, Object.assign(fetchBlock, { state: () => sessions.get(key)?.state?.() }))
  }
  return { of: of(cached), ofPin: of(uncached), isOnline: true }
}

/** Readers of one missing block share one fetch; each waits no longer than its own signal allows. */
class SharedFetches {
  readonly #running = new Map<string, Promise<Uint8Array>>()
  readonly #fetched: (cid: CID, bytes: Uint8Array) => Promise<void>

  constructor(fetched: (cid: CID, bytes: Uint8Array) => Promise<void>) {
    this.#fetched = fetched
  }

  async fetch(cid: CID, options: Wait, fetchBlock: FetchBlock): Promise<Uint8Array> {
    const key = blockKey(cid)
    const running = this.#running.get(key)
    if (running !== undefined) {
      // The first reader may give up on its own account: then this one asks for itself.
      const bytes = await orAbort(
        running.catch(() => undefined),
        options.signal,
      )
      if (bytes !== undefined) return bytes
    }
    const fetched = this.#fetch(cid, options, fetchBlock).finally(() => this.#running.delete(key))
    this.#running.set(key, fetched)
    return fetched
  }

  async #fetch(cid: CID, options: Wait, fetchBlock: FetchBlock): Promise<Uint8Array> {
    const bytes = await fetchBlock(cid, options)
    await this.#fetched(cid, bytes)
    return bytes
  }
}

function countFetched({ byteLength }: Uint8Array): void {
  METRICS.fetchedBlocks.add()
  METRICS.fetchedBytes.add(byteLength)
}

function localThenNetwork(store: Store, fetches: SharedFetches, fetchBlock: FetchBlock): BlockSource {
  const get = async (cid: CID, options: Wait): Promise<Uint8Array> => {
    try {
      return await store.get(cid, options)
    } catch (error) {
      return fromElsewhere(cid, options, error)
    }
  }
  const fromElsewhere = async (cid: CID, options: Wait, error: unknown): Promise<Uint8Array> => {
    if (!isElsewhere(error)) throw error
    const observer = waitObserver(options.signal)
    observer?.begin(cid)
    try {
      return await fetches.fetch(cid, options, fetchBlock)
    } catch (cause) {
      throw isCairnError(error, 'CORRUPT_BLOCK') ? lost(cid, cause) : cause
    } finally {
      observer?.end()
    }
  }
  return {
    get,
    has: cid => store.has(cid),
    peek: cid => store.peek(cid),
    lend: cid => store.lend(cid),
    size: cid => store.stat(cid)?.sizeBytes,
    fetchState: () => fetchBlock.state?.(),
    borrow: async (cid, options) => {
      try {
        return await store.borrow(cid, options)
      } catch (error) {
        return { bytes: await fromElsewhere(cid, options, error), release: () => {} }
      }
    },
  }
}

/** That nobody else has it is not what is wrong. */
function lost(cid: CID, cause: unknown): unknown {
  if (!isCairnError(cause) || !NOBODY_HAS_IT.has(cause.code)) return cause
  const { tried } = cause
  return new CairnError('CORRUPT_BLOCK', `the stored bytes of block ${cid} are damaged, and nobody else gave it`, {
    cause,
    cid,
    tried,
  })
}

const NOBODY_HAS_IT: ReadonlySet<string> = new Set(['UNREACHABLE', 'BLOCK_NOT_LOCAL', 'NO_DAEMON', 'CORRUPT_BLOCK'])

/** A block that is not here, or was found damaged and dropped, may be had from a peer. */
function isElsewhere(error: unknown): boolean {
  return isCairnError(error, 'BLOCK_NOT_LOCAL') || isCairnError(error, 'CORRUPT_BLOCK')
}
