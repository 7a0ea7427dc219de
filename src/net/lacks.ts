// What a running network is missing, in words: for the log, once, and for whoever asks.

import type { Libp2p } from '@libp2p/interface'
import type { NetworkParts } from './modes.ts'
import type { ListedPeer } from './reconnect.ts'

export interface LacksOptions {
  readonly libp2p: Libp2p
  readonly parts: NetworkParts
  readonly listed: readonly ListedPeer[]
  readonly bootstrap: readonly ListedPeer[]
  /** What was found wrong with the listen addresses. */
  readonly troubles: readonly string[]
}

export function describeLacks({ libp2p, parts, listed, bootstrap, troubles }: LacksOptions): string[] {
  const lacks = [...troubles]
  const isConnected = ({ id }: ListedPeer) => libp2p.getConnections(id).length > 0
  if (parts.listen && troubles.length === 0 && libp2p.getMultiaddrs().length === 0)
    lacks.push('no address to be reached at')
  if (parts.bootstrap && !bootstrap.some(isConnected) && libp2p.getPeers().length === 0)
    lacks.push('no bootstrap peer reached')
  for (const peer of listed) if (!isConnected(peer)) lacks.push(`listed peer not reached: ${peer.address}`)
  return lacks
}
