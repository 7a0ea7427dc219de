// When a node's network starts: never, when it is first needed, or at once in the background; and how it ends.

import type { CID } from 'multiformats/cid'
import type { NodeId } from '../api/network.ts'
import { orAbort } from '../block/or-abort.ts'
import type { Wait } from '../block/source.ts'
import { CairnError } from '../errors.ts'
import type { FindRecord } from '../names/ask-all.ts'
import { loadIdentity } from '../net/identity.ts'
import type { Network } from '../net/network.ts'
import type { Denylist } from '../policy/denylist.ts'
import type { Store } from '../store/store.ts'
import { AGENT_VERSION } from '../version.ts'
import { announceRoots } from './announce.ts'
import type { OpenNodeOptions } from './open.ts'
import type { FetchBlock } from './sources.ts'

export type NetworkUse = 'never' | 'lazy' | 'eager'

interface NetworkStore {
  readonly store: Store
  readonly denylist: Denylist
}

export interface NetworkHandle {
  /** It will never have a network. */
  readonly isOffline: boolean
  current(): Network | undefined
  readonly started: Promise<Network | undefined>
  /** Starts it if it may; NO_DAEMON where this node must stay offline. */
  running(): Promise<Network>
  /** Undefined on a node that has no network, so that a missing block is an answer at once. */
  readonly session: ((root: CID) => FetchBlock) | undefined
  /** Undefined on a node that has no network. */
  readonly findRecords: FindRecord | undefined
  id(): Promise<NodeId>
  stop(): Promise<void>
}

export function createNetworkHandle(options: OpenNodeOptions, { store, denylist }: NetworkStore): NetworkHandle {
  const { config, repo, log, role } = options
  const stopping = new AbortController()
  const offline = options.network === 'never' || config.mode === 'offline'
  let network: Network | undefined
  let starting: Promise<Network> | undefined

  const start = async (): Promise<Network> => {
    // Helia and libp2p take hundreds of milliseconds to load: only a node that talks to peers pays for them.
    const [{ startNetwork }, { sqliteDatastore }] = await Promise.all([
      import('../net/network.ts'),
      import('../store/datastore.ts'),
    ])
    const datastore = sqliteDatastore(store)
    network = await startNetwork({
      config,
      repo,
      store,
      denylist,
      datastore,
      log: log.part('net'),
      role: role === 'daemon' ? 'daemon' : 'client',
      signal: stopping.signal,
    })
    if (role === 'daemon')
      announceRoots({
        store,
        denylist,
        announce: network.announce,
        withdraw: network.withdraw,
        signal: stopping.signal,
      })
    return network
  }
  const running = (): Promise<Network> => {
    if (offline)
      return Promise.reject(
        new CairnError('NO_DAEMON', 'this node is offline', {
          hint: 'start a daemon in another mode, or leave out --offline',
        }),
      )
    starting ??= start()
    return starting
  }
  const started: Promise<Network | undefined> =
    options.network === 'eager' && !offline
      ? running().catch(error => {
          log.error('the network did not start', { err: error })
          return undefined
        })
      : Promise.resolve(undefined)

  return {
    isOffline: offline,
    current: () => network,
    started,
    running,
    session: offline ? undefined : root => networkSession(running, root),
    findRecords: findRecords(options, offline ? undefined : running),
    id: async () => {
      const identity = await loadIdentity(repo)
      const addresses = network?.addresses() ?? []
      return {
        id: identity.peerId,
        publicKey: identity.publicKey,
        addresses,
        agentVersion: AGENT_VERSION,
        protocols: network?.protocols() ?? [],
      }
    },
    stop: async () => {
      stopping.abort()
      await starting?.then(started => started.stop()).catch(() => undefined)
    },
  }
}

/** A command beside a daemon asks that one; a node in mode offline asks nobody. */
function findRecords(
  { config, findRecords: elsewhere }: OpenNodeOptions,
  running: (() => Promise<Network>) | undefined,
): FindRecord | undefined {
  if (config.mode === 'offline') return undefined
  if (elsewhere !== undefined || running === undefined) return elsewhere
  return async (name, wait) => (await orAbort(running(), wait.signal)).findRecords(name, wait)
}

function networkSession(running: () => Promise<Network>, root: CID): FetchBlock {
  let starting: Promise<ReturnType<Network['session']>> | undefined
  let session: ReturnType<Network['session']> | undefined
  const fetchBlock = async (cid: CID, wait: Wait): Promise<Uint8Array> => {
    starting ??= running().then(network => network.session(root))
    session = await orAbort(starting, wait.signal)
    return session.fetch(cid, wait)
  }
  return Object.assign(fetchBlock, { state: () => session?.state() })
}
