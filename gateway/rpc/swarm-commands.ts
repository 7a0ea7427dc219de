// swarm/peers, swarm/connect: the connections to other nodes.

import type { PeerInfo } from '../../src/api/network.ts'
import { bool, type Command, command, value } from './command.ts'
import { failure, withPrefix } from './errors.ts'
import { formatGoDuration } from './go-values.ts'
import { formatPeerId, parsePeerId, publicKeyOf } from './peer-id.ts'

interface PeerOptions {
  readonly verbose: boolean
  readonly latency: boolean
  readonly direction: boolean
  readonly streams: boolean
  readonly identify: boolean
}

const NOT_IDENTIFIED = { ID: '', PublicKey: '', Addresses: null, AgentVersion: '', Protocols: null }

const peers = command({
  options: {
    verbose: bool(false, 'v'),
    streams: bool(false),
    latency: bool(false),
    direction: bool(false),
    identify: bool(false),
  },
  run: async ({ node, options, signal }) => {
    const connected = await node.swarm.peers({ signal })
    const described = connected.map(peer => describePeer(peer, options))
    return value({ Peers: described.length === 0 ? null : described })
  },
})

function describePeer(peer: PeerInfo, wanted: PeerOptions) {
  const { latencyMs } = peer
  const address = peer.address.replace(`/p2p/${peer.id}`, '')
  return {
    Addr: address,
    Peer: peer.id,
    ...((wanted.latency || wanted.verbose) && latencyMs !== undefined ? { Latency: formatGoDuration(latencyMs) } : {}),
    ...(wanted.direction || wanted.verbose ? { Direction: peer.direction === 'inbound' ? 1 : 2 } : {}),
    Identify: wanted.identify || wanted.verbose ? identify(peer, address) : NOT_IDENTIFIED,
  }
}

function identify(peer: PeerInfo, address: string) {
  return {
    ID: peer.id,
    PublicKey: publicKeyOf(parsePeerId(peer.id)),
    Addresses: [`${address}/p2p/${peer.id}`],
    AgentVersion: peer.agentVersion ?? '',
    Protocols: [...peer.protocols].sort(),
  }
}

const connect = command({
  args: [{ name: 'address', many: true }],
  run: async ({ node, args, signal }) => {
    // All are read before any is dialled.
    const wanted = args.map(address => ({ address, peerId: peerIdOf(address) }))
    const results: string[] = []
    for (const { address, peerId } of wanted) {
      await withPrefix(`connect ${peerId} failure: `, signal, node.swarm.connect(address, { signal }))
      results.push(`connect ${peerId} success`)
    }
    return value({ Strings: results })
  },
})

function peerIdOf(address: string): string {
  if (!address.startsWith('/')) throw failure(`failed to parse multiaddr ${JSON.stringify(address)}: must begin with /`)
  const found = /\/(?:p2p|ipfs)\/([^/]+)\/?$/.exec(address)?.[1]
  if (found === undefined) throw failure(`found no ipfs peers at ${address}`)
  return formatPeerId(parsePeerId(found), 'b58mh')
}

export const SWARM_COMMANDS: Record<string, Command> = { 'swarm/peers': peers, 'swarm/connect': connect }
