// The peers a node is connected with, as people and `swarm peers` see them.

import type { Connection, Libp2p } from '@libp2p/interface'
import type { PeerInfo } from '../api/network.ts'

export function listPeers(libp2p: Libp2p): Promise<PeerInfo[]> {
  return Promise.all(libp2p.getConnections().map(connection => describePeer(libp2p, connection)))
}

async function describePeer(libp2p: Libp2p, connection: Connection): Promise<PeerInfo> {
  const { remotePeer, remoteAddr, direction, rtt } = connection
  // A peer may go away between the two calls; then nothing more is known of it.
  const stored = await libp2p.peerStore.get(remotePeer).catch(() => undefined)
  const agent = stored?.metadata.get('AgentVersion')
  return {
    id: remotePeer.toString(),
    address: remoteAddr.toString(),
    direction,
    protocols: stored?.protocols ?? [],
    ...(rtt !== undefined && { latencyMs: rtt }),
    ...(agent !== undefined && { agentVersion: new TextDecoder().decode(agent) }),
  }
}
