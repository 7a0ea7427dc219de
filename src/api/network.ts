// The network as a node offers it: who it is and whom it is connected to.

import type { Wait } from '../block/source.ts'

export interface NodeId {
  readonly id: string
  readonly publicKey: string
  readonly addresses: readonly string[]
  readonly agentVersion: string
  readonly protocols: readonly string[]
}

export interface PeerInfo {
  readonly id: string
  readonly address: string
  readonly direction: 'inbound' | 'outbound'
  readonly latencyMs?: number
  readonly agentVersion?: string
  readonly protocols: readonly string[]
}

export interface SwarmApi {
  peers(options: Wait): Promise<readonly PeerInfo[]>
  connect(address: string, options: Wait): Promise<{ id: string }>
}
