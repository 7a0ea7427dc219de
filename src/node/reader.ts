// A node that reads a repository beside the daemon, and asks it for what only the network has: what a gateway worker serves from.

import type { CID } from 'multiformats/cid'
import type { GatewayNode } from '../api/gateway-node.ts'
import type { NodeId, PeerInfo } from '../api/network.ts'
import type { RoutingApi } from '../api/routing.ts'
import { verifyBlock } from '../block/hash.ts'
import type { FetchState, Wait } from '../block/source.ts'
import type { Config } from '../config/schema.ts'
import { isCairnError } from '../errors.ts'
import type { FindRecord } from '../names/ask-all.ts'
import type { Logger } from '../observe/log.ts'
import { modeOf, rootAbove } from '../pins/above.ts'
import { DenyService } from '../policy/deny-service.ts'
import type { Denylist } from '../policy/denylist.ts'
import { guardFetch, guardNames } from '../policy/guard.ts'
import { openStore } from '../store/open.ts'
import type { Statement, Store } from '../store/store.ts'
import { parseDuration, parseSize } from '../units.ts'
import { VERSION } from '../version.ts'
import { createContent } from './content.ts'
import { createNamesApi } from './names.ts'
import { createSources, type FetchBlock, guardSources } from './sources.ts'
import { repoStat } from './stat.ts'

/** The daemon, as a reader sees it. */
export interface Upstream {
  /** The bytes of a block, unchecked; undefined if they were too many to be sent, and are in the repository now. */
  block(root: CID, cid: CID, options: BlockWait): Promise<Uint8Array | undefined>
  /** The records of a key that its peers have, unchecked. */
  readonly records: FindRecord
  readonly routing: RoutingApi
  /** Writes down which cached blocks were read: hints that a second writer is not worth. */
  noteUse(statements: readonly Statement[]): Promise<void>
  id(options: Wait): Promise<NodeId>
  peers(options: Wait): Promise<readonly PeerInfo[]>
}

export interface BlockWait extends Wait {
  /** Called before it fails: how the search for it went. */
  readonly onState: (state: FetchState) => void
}

export interface ReaderOptions {
  readonly repo: string
  readonly config: Config
  readonly log: Logger
  readonly upstream: Upstream
}

export type Reader = GatewayNode & AsyncDisposable & { readonly denylist: Denylist }

export async function openReader({ repo, config, log, upstream }: ReaderOptions): Promise<Reader> {
  const store = await openStore({
    path: repo,
    maxBytes: parseSize(config.store.max),
    cacheBytes: parseSize(config.store.cache),
    graceMs: parseDuration(config.store.grace),
    verify: config.store.verify,
    commit: 'worker',
    noteUse: statements => upstream.noteUse(statements),
    log: log.part('store'),
  })
  const isOffline = config.mode === 'offline'
  const deny = new DenyService({ repo, config: config.deny, log: log.part('deny'), isCommand: false })
  // Before it is asked anything: the worker says that it is ready once this resolves.
  const stop = new AbortController()
  await deny.load({ signal: stop.signal })
  const { denylist } = deny
  const session = isOffline
    ? undefined
    : (root: CID): FetchBlock => guardFetch(fetchOver({ store, upstream, root }), denylist)
  const sources = guardSources(createSources({ store, session, isRelayed: true }), denylist)
  const names = createNamesApi({ config, store, findRecords: isOffline ? undefined : upstream.records })
  const following = deny.follow({ signal: stop.signal })
  return {
    version: VERSION,
    content: createContent({ store, sources, denylist }),
    localContent: createContent({ store, sources: guardSources(createSources({ store }), denylist), denylist }),
    pins: { modeOf: cid => modeOf(store, cid), rootAbove: (cid, wait) => rootAbove(store, cid, wait) },
    names: guardNames(names, denylist),
    denylist,
    routing: upstream.routing,
    repo: { stat: () => repoStat(store) },
    swarm: { peers: wait => upstream.peers(wait) },
    id: wait => upstream.id(wait),
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await following
      deny[Symbol.dispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}

interface Fetching {
  readonly store: Store
  readonly upstream: Upstream
  readonly root: CID
}

function fetchOver({ store, upstream, root }: Fetching): FetchBlock {
  let state: FetchState | undefined
  const onState = (told: FetchState) => {
    state = told
  }
  const ask = (cid: CID, { signal }: Wait) => upstream.block(root, cid, { signal, onState })
  return Object.assign((cid: CID, wait: Wait) => fetchBlock(ask, store, cid, wait), { state: () => state })
}

/** Hashed here too: what is served is verified by the process that serves it. */
async function fetchBlock(
  ask: (cid: CID, options: Wait) => Promise<Uint8Array | undefined>,
  store: Store,
  cid: CID,
  wait: Wait,
): Promise<Uint8Array> {
  for (;;) {
    const bytes = await ask(cid, wait)
    if (bytes !== undefined) {
      verifyBlock(cid, bytes)
      return bytes
    }
    try {
      return await store.get(cid, wait)
    } catch (error) {
      // Evicted again, or a cache that is behind has left it out.
      if (!isCairnError(error, 'BLOCK_NOT_LOCAL')) throw error
      wait.signal.throwIfAborted()
    }
  }
}
