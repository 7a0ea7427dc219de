// The network side of a node: started in about a second, in the background, whatever the world outside is like.

import type { Duplex } from 'node:stream'
import type { Datastore } from 'interface-datastore'
import type { CID } from 'multiformats/cid'
import type { PeerInfo } from '../api/network.ts'
import type { FetchState, Wait } from '../block/source.ts'
import type { Config } from '../config/schema.ts'
import { CairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { KeyName } from '../names/name.ts'
import type { Logger } from '../observe/log.ts'
import { Denylist } from '../policy/denylist.ts'
import { guardServed } from '../policy/guard.ts'
import type { Store } from '../store/store.ts'
import { AGENT_VERSION } from '../version.ts'
import { connectPeer } from './connect.ts'
import { createDialGuard, type DialGuard } from './dial-guard.ts'
import { bootstrapWhileAlone, dialDiscovered } from './discovery.ts'
import { attachExchange } from './exchange.ts'
import { type CairnHelia, composeHelia } from './helia.ts'
import { identifyAgain } from './identify-again.ts'
import { ephemeralIdentity, type Identity, loadIdentity } from './identity.ts'
import { describeLacks } from './lacks.ts'
import { libp2pOptions } from './libp2p-options.ts'
import { checkListen } from './listen-check.ts'
import { type NetworkParts, type NetworkRole, networkParts } from './modes.ts'
import { listPeers } from './peers.ts'
import { ProvideQueue } from './provide.ts'
import { keepConnected, type ListedPeer, parseListedPeer } from './reconnect.ts'
import { dhtOf, searchRecords, WantedRecords } from './record-search.ts'
import { type NetworkRouting, networkRouting } from './routing.ts'
import { createSession } from './session.ts'
import { StreamSocket } from './stream-socket.ts'
import { loadSwarmKey } from './swarm-key.ts'
import { WriteBehindDatastore } from './write-behind.ts'

export interface NetworkOptions {
  readonly config: Config
  readonly repo: string
  readonly store: Store
  /** Whose blocks are neither given nor asked for. */
  readonly denylist?: Denylist
  readonly datastore: Datastore
  readonly log: Logger
  /** `client`: for the length of one command; dials, does not listen, and has a name of its own. */
  readonly role: NetworkRole
  /** Ends a start that is under way; a started network ends by `stop`. */
  readonly signal: AbortSignal
}

export interface FetchSession {
  /** Hashed bytes; UNREACHABLE or TIMEOUT with what was tried, CANCELLED if `signal` says so. */
  fetch(cid: CID, options: Wait): Promise<Uint8Array>
  /** How it stands with what is missing now. */
  state(): FetchState
}

export interface Network {
  readonly peerId: string
  readonly publicKey: string
  readonly agentVersion: string
  readonly helia: CairnHelia
  addresses(): string[]
  protocols(): string[]
  peers(): Promise<PeerInfo[]>
  connect(address: string, options: Wait): Promise<{ id: string }>
  /** One per content root: it remembers who has it. Holds nothing that needs closing. */
  session(root: CID): FetchSession
  /** The IPNS records of a key that the DHT has; NAME_NOT_FOUND if it has none, or in a mode without one. */
  findRecords(name: KeyName, options: Wait): Promise<readonly Uint8Array[]>
  /** Who has content, and where peers are. */
  readonly routing: NetworkRouting
  /** Streams of this protocol that peers open, as sockets. */
  serveStreams(protocol: string, accept: (socket: Duplex) => void): Promise<void>
  /** In public mode: tells the DHT that these roots are here. They must be durable. */
  announce(cids: Iterable<CID>): void
  /** Takes it off the list of what the DHT is told again and again. */
  withdraw(cid: CID): void
  /** What is missing now, in words: `no bootstrap peer reached`. */
  lacks(): string[]
  stop(): Promise<void>
}

/** What the start needs to know before any socket is opened; every mistake in it is an error here. */
interface Plan {
  readonly parts: NetworkParts
  readonly identity: Identity
  readonly swarmKey: Uint8Array | undefined
  readonly listed: readonly ListedPeer[]
  readonly bootstrap: readonly ListedPeer[]
  readonly troubles: readonly string[]
  readonly wantedRecords: WantedRecords
  readonly dialGuard: DialGuard
}

export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const { config, log, signal, denylist = new Denylist() } = options
  const store = guardServed(options.store, denylist)
  const plan = await makePlan(options)
  signal.throwIfAborted()
  const stopping = new AbortController()
  // A command's own node learns nothing worth keeping, and would write beside the daemon.
  const datastore = options.role === 'daemon' ? options.datastore : undefined
  const records = datastore && new WriteBehindDatastore(datastore, log)
  const helia = composeHelia({
    store,
    datastore,
    records,
    libp2p: libp2pOptions({ config, ...plan }),
    log,
  })
  const wants = attachExchange({
    helia,
    store,
    denylist,
    parts: plan.parts,
    mode: config.mode,
    log,
    signal: stopping.signal,
  })
  try {
    await helia.start()
  } catch (error) {
    stopping.abort()
    await helia.stop()
    await records?.close()
    throw error
  }
  identifyAgain({ libp2p: helia.libp2p, log, signal: stopping.signal })
  const network = describe({ helia, denylist, records, wants, plan, stopping, log })
  log.info('network started', { mode: config.mode, peerId: network.peerId, announces: plan.parts.announces })
  void meetPeers({ options, plan, helia, signal: stopping.signal }).then(() => {
    if (!stopping.signal.aborted && network.lacks().length > 0)
      log.warn('the network lacks something', { lacks: network.lacks() })
  })
  return network
}

async function makePlan({ config, repo, role }: NetworkOptions): Promise<Plan> {
  const parts = networkParts(config, role)
  if (!parts.network) throw new CairnError('NO_DAEMON', 'mode is offline: this node has no network')
  const swarmKey = await loadSwarmKey(repo, config)
  const listed = config.swarm.peers.map(text => parseListedPeer(text))
  const bootstrap = parts.bootstrap ? config.swarm.bootstrap.map(text => parseListedPeer(text, 'swarm.bootstrap')) : []
  const dialGuard = createDialGuard({ isPublic: config.mode === 'public' })
  for (const { address } of [...listed, ...bootstrap]) dialGuard.allow(address)
  return {
    parts,
    swarmKey,
    listed,
    bootstrap,
    dialGuard,
    identity: role === 'daemon' ? await loadIdentity(repo) : ephemeralIdentity(),
    troubles: parts.listen ? await checkListen(config.swarm.listen) : [],
    wantedRecords: new WantedRecords(),
  }
}

/** Resolves when everyone that the configuration names was tried once. */
async function meetPeers({
  options,
  plan,
  helia,
  signal,
}: {
  options: NetworkOptions
  plan: Plan
  helia: CairnHelia
  signal: AbortSignal
}): Promise<void> {
  const { config, log } = options
  const common = { libp2p: helia.libp2p, maxConnections: config.swarm.maxConnections, log, signal }
  if (plan.parts.mdns || plan.parts.dht) dialDiscovered(common)
  await Promise.all([
    keepConnected({ ...common, peers: plan.listed }),
    plan.bootstrap.length > 0 ? bootstrapWhileAlone({ ...common, peers: plan.bootstrap }) : undefined,
  ])
}

interface Running {
  readonly helia: CairnHelia
  readonly denylist: Denylist
  readonly records: WriteBehindDatastore | undefined
  readonly wants: ReturnType<typeof attachExchange>
  readonly plan: Plan
  readonly stopping: AbortController
  readonly log: Logger
}

function describe({ helia, denylist, records, wants, plan, stopping, log }: Running): Network {
  const { libp2p } = helia
  const provides = new ProvideQueue({
    provide: async (cid, signal) => {
      // It may have been denied while it stood in line.
      if (!denylist.isRefused({ cid }, 'announce')) await helia.routing.provide(cid, { signal })
    },
    log,
    signal: stopping.signal,
  })
  let stopped: Promise<void> | undefined
  return {
    peerId: libp2p.peerId.toString(),
    publicKey: plan.identity.publicKey,
    agentVersion: AGENT_VERSION,
    helia,
    addresses: () => libp2p.getMultiaddrs().map(String),
    protocols: () => libp2p.getProtocols().sort(),
    peers: () => listPeers(libp2p),
    connect: (address, wait) => connectPeer({ libp2p, dialGuard: plan.dialGuard }, address, wait),
    session: root => {
      const session = createSession(root)
      return { fetch: (cid, wait) => wants.fetch(cid, session, wait), state: () => wants.state(session) }
    },
    findRecords: (name, wait) => searchRecords(dhtOf(libp2p), plan.wantedRecords, name, wait),
    routing: networkRouting(helia, plan.parts.dht),
    serveStreams: (protocol, accept) =>
      libp2p.handle(protocol, stream => accept(new StreamSocket(stream)), {
        maxInboundStreams: LIMITS.peerHttpStreams.value,
        signal: stopping.signal,
      }),
    announce: cids => {
      if (plan.parts.dht && plan.parts.listen) provides.add(cids)
    },
    withdraw: cid =>
      void helia.routing
        .cancelReprovide?.(cid, { signal: stopping.signal })
        .catch(error => log.debug('a root is still announced', { cid: cid.toString(), err: error })),
    lacks: () => describeLacks({ libp2p, ...plan }),
    stop: () => {
      stopping.abort()
      stopped ??= helia.stop().then(() => records?.close())
      return stopped
    },
  }
}
