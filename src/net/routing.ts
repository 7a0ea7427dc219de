// What the network knows of providers and peers: the DHT where the mode has one, and the peers that this node has met.

import type { PeerId, PeerInfo } from '@libp2p/interface'
import type { KadDHT } from '@libp2p/kad-dht'
import { peerIdFromCID } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { CID } from 'multiformats/cid'
import type { RoutedPeer } from '../api/routing.ts'
import type { Wait } from '../block/source.ts'
import { CairnError } from '../errors.ts'
import type { CairnHelia } from './helia.ts'
import { withoutPeer } from './peer-address.ts'

/** As many as a bucket of the DHT holds. */
const CLOSEST = 20

export interface NetworkRouting {
  findProviders(cid: CID, options: Wait): AsyncIterable<RoutedPeer>
  findPeer(id: CID, options: Wait): AsyncIterable<RoutedPeer>
  closestPeers(key: CID, options: Wait): AsyncIterable<RoutedPeer>
}

export function networkRouting(helia: CairnHelia, hasDht: boolean): NetworkRouting {
  const { libp2p } = helia
  const addressesOf = async (peer: PeerId, told: readonly Multiaddr[]): Promise<readonly Multiaddr[]> => {
    if (told.length > 0) return told
    // Peers that are not known have no entry.
    const known = await libp2p.peerStore.get(peer).catch(() => undefined)
    return known?.addresses.map(({ multiaddr }) => multiaddr) ?? []
  }
  const describe = async ({ id, multiaddrs }: PeerInfo, protocols: readonly string[] = []): Promise<RoutedPeer> => {
    const addresses = await addressesOf(id, multiaddrs)
    // One address may have been told several times, with the id behind it and without.
    const plain = new Set(addresses.map(address => withoutPeer(address.toString(), id.toString())))
    return { id: id.toString(), addresses: [...plain], protocols }
  }
  return {
    async *findProviders(cid, { signal }) {
      if (!hasDht) return
      for await (const { id, multiaddrs, protocols } of helia.routing.findProviders(cid, { signal }))
        yield describe({ id: peerOf(id as CID), multiaddrs }, protocols)
    },
    async *findPeer(cid, { signal }) {
      const id = peerOf(cid)
      const known = await describe({ id, multiaddrs: [] })
      if (known.addresses.length > 0) yield known
      else if (hasDht) yield* onePeer(dht(libp2p.services), id, signal, describe)
    },
    async *closestPeers(key, { signal }) {
      if (!hasDht) throw new CairnError('NOT_IMPLEMENTED', 'this node is in no DHT')
      let left = CLOSEST
      for await (const event of dht(libp2p.services).getClosestPeers(key.multihash.bytes, { signal })) {
        if (event.name !== 'FINAL_PEER') continue
        yield describe(event.peer)
        if (--left === 0) return
      }
    },
  }
}

async function* onePeer(
  table: KadDHT,
  id: PeerId,
  signal: AbortSignal,
  describe: (peer: PeerInfo) => Promise<RoutedPeer>,
): AsyncGenerator<RoutedPeer> {
  for await (const event of table.findPeer(id, { signal })) {
    if (event.name !== 'FINAL_PEER') continue
    yield describe(event.peer)
    return
  }
}

const dht = (services: object): KadDHT => (services as { dht: KadDHT }).dht

const peerOf = (cid: CID): PeerId => peerIdFromCID(cid as Parameters<typeof peerIdFromCID>[0])
