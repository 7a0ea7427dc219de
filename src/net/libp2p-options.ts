// Which libp2p this node runs: every part and every limit named, none left to a default.

import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { privateKeyFromProtobuf } from '@libp2p/crypto/keys'
import { dcutr } from '@libp2p/dcutr'
import { identify, identifyPush } from '@libp2p/identify'
import { FaultTolerance } from '@libp2p/interface'
import { kadDHT, removePrivateAddressesMapper } from '@libp2p/kad-dht'
import { mdns } from '@libp2p/mdns'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { preSharedKey } from '@libp2p/pnet'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { uPnPNAT } from '@libp2p/upnp-nat'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import type { Libp2pOptions, ServiceFactoryMap } from 'libp2p'
import type { Config } from '../config/schema.ts'
import { LIMITS } from '../limits.ts'
import { KiB, MiB } from '../units.ts'
import { AGENT_VERSION, VERSION } from '../version.ts'
import type { DialGuard } from './dial-guard.ts'
import type { Identity } from './identity.ts'
import type { NetworkParts } from './modes.ts'
import { autoNATWithOwnDials } from './own-dials.ts'
import type { WantedRecords } from './record-search.ts'
import { walkPace } from './walk-pace.ts'

export interface Libp2pParts {
  readonly config: Config
  readonly parts: NetworkParts
  readonly identity: Identity
  readonly swarmKey: Uint8Array | undefined
  readonly wantedRecords: WantedRecords
  readonly dialGuard: DialGuard
}

export function libp2pOptions({
  config,
  parts,
  identity,
  swarmKey,
  wantedRecords,
  dialGuard,
}: Libp2pParts): Libp2pOptions {
  const relay = parts.traversal ? [circuitRelayTransport()] : []
  const listen = parts.listen ? [...config.swarm.listen, ...(parts.traversal ? ['/p2p-circuit'] : [])] : []
  return {
    privateKey: privateKeyFromProtobuf(identity.privateKey),
    nodeInfo: { name: 'cairn', version: VERSION, userAgent: AGENT_VERSION },
    addresses: { listen, announce: [...config.swarm.announce] },
    transports: [tcp({ maxConnections: config.swarm.maxConnections }), webSockets(), ...relay],
    // TLS first: up to twice as fast as Noise (notes: interop §2). Noise for browsers and older peers.
    connectionEncrypters: [tls(), noise()],
    streamMuxers: [yamux(muxer())],
    ...(swarmKey !== undefined && {
      connectionProtector: preSharedKey({ psk: swarmKey, timeout: LIMITS.dialTimeoutMs.value }),
    }),
    peerDiscovery: parts.mdns ? [mdns()] : [],
    peerRouters: parts.dht ? [walkPace()] : [],
    connectionManager: connectionLimits(config),
    connectionGater: dialGuard.gater,
    connectionMonitor: {
      enabled: true,
      abortConnectionOnPingFailure: true,
      pingInterval: 20_000,
      // A ping waits behind the megabytes on their way over a slow link: that is no reason to hang up.
      pingTimeout: { minTimeout: LIMITS.negotiationMs.value, maxTimeout: 2 * LIMITS.negotiationMs.value },
    },
    // A node that cannot listen still fetches; what it lacks is said once.
    transportManager: { faultTolerance: FaultTolerance.NO_FATAL },
    // libp2p types what a service needs of other services through the node's own type parameter, which we do not use.
    services: services(parts, wantedRecords) as unknown as ServiceFactoryMap,
  }
}

function muxer() {
  return {
    maxInboundStreams: LIMITS.streams.value,
    maxOutboundStreams: LIMITS.streams.value,
    streamOptions: { maxReadBufferLength: 4 * MiB, maxWriteBufferLength: 2 * LIMITS.messageBytes.value },
  }
}

function connectionLimits(config: Config) {
  return {
    maxConnections: config.swarm.maxConnections,
    maxParallelDials: 50,
    maxDialQueueLength: LIMITS.dialQueue.value,
    maxPeerAddrsToDial: 25,
    maxIncomingPendingConnections: LIMITS.pendingConnections.value,
    inboundConnectionThreshold: LIMITS.connectionsPerSecond.value,
    dialTimeout: LIMITS.dialTimeoutMs.value,
    addressDialTimeout: LIMITS.dialTimeoutMs.value,
    inboundUpgradeTimeout: LIMITS.dialTimeoutMs.value,
    outboundStreamProtocolNegotiationTimeout: LIMITS.negotiationMs.value,
    inboundStreamProtocolNegotiationTimeout: LIMITS.negotiationMs.value,
    // Listed peers have a loop of their own: libp2p gives up after five attempts (notes: interop §1).
    reconnectRetries: 0,
    maxParallelReconnects: 1,
  }
}

function services(parts: NetworkParts, wanted: WantedRecords) {
  return {
    identify: identify({ maxMessageSize: 64 * KiB, timeout: LIMITS.dialTimeoutMs.value }),
    // Its debounce outlives `stop`, and addresses of a node that does not listen never change.
    ...(parts.listen && { identifyPush: identifyPush({ maxMessageSize: 64 * KiB, debounce: 200 }) }),
    ping: ping(),
    ...(parts.dht && {
      dht: kadDHT({
        protocol: '/ipfs/kad/1.0.0',
        peerInfoMapper: removePrivateAddressesMapper,
        clientMode: !parts.listen,
        validators: { ipns: wanted.validate },
        selectors: { ipns: wanted.select },
      }),
    }),
    ...(parts.traversal && { autoNAT: autoNATWithOwnDials(), dcutr: dcutr(), upnp: uPnPNAT() }),
  }
}
