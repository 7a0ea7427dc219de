// Who has content and where peers are, as a node can tell: what it knows itself first, then what its network finds.

import type { CID } from 'multiformats/cid'
import type { Wait } from '../block/source.ts'

/** One peer, as the `peer` schema of Delegated Routing has it (spec: gateway §2.23). */
export interface RoutedPeer {
  readonly id: string
  /** Multiaddrs without the peer's own id at their end. */
  readonly addresses: readonly string[]
  /** Names of transfer protocols (`transport-bitswap`); empty if nobody has said. */
  readonly protocols: readonly string[]
}

export interface RoutingApi {
  /** Each peer once; this node first if it has the block. BLOCKED if the CID is denied. */
  findProviders(cid: CID, options: Wait): AsyncIterable<RoutedPeer>
  /** One peer or none. `id` is a CID with the multihash of its key. */
  findPeer(id: CID, options: Wait): AsyncIterable<RoutedPeer>
  /** Those of the DHT whose ids are nearest to a key, the nearest first. NOT_IMPLEMENTED where there is no DHT. */
  closestPeers(key: CID, options: Wait): AsyncIterable<RoutedPeer>
}
