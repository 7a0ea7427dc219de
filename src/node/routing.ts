// Routing as a node answers it: itself for what it has, then what its network finds, each peer once.

import { base58btc } from 'multiformats/bases/base58'
import type { NodeId } from '../api/network.ts'
import type { RoutedPeer, RoutingApi } from '../api/routing.ts'
import { IDENTITY } from '../block/hash.ts'
import { orAbort } from '../block/or-abort.ts'
import { CairnError } from '../errors.ts'
import { withoutPeer } from '../net/peer-address.ts'
import type { Denylist } from '../policy/denylist.ts'
import type { Store } from '../store/store.ts'
import type { NetworkHandle } from './network-handle.ts'

export interface RoutingParts {
  readonly store: Pick<Store, 'has'>
  readonly denylist: Denylist
  readonly network: Pick<NetworkHandle, 'running' | 'isOffline' | 'id'>
}

export function createRouting({ store, denylist, network }: RoutingParts): RoutingApi {
  const started = async (signal: AbortSignal) =>
    network.isOffline ? undefined : (await orAbort(network.running(), signal)).routing
  const self = async () => ownPeer(await network.id(), network.isOffline)
  return {
    async *findProviders(cid, wait) {
      if (denylist.isActive) denylist.refuse({ cid }, 'announce')
      const own = await self()
      if (store.has(cid)) yield own
      // Its CID is all of it: nobody announces such content.
      if (cid.multihash.code === IDENTITY) return
      const seen = new Set([own.id])
      for await (const peer of (await started(wait.signal))?.findProviders(cid, wait) ?? []) {
        if (seen.has(peer.id)) continue
        seen.add(peer.id)
        yield peer
      }
    },
    async *findPeer(id, wait) {
      const own = await self()
      if (base58btc.baseEncode(id.multihash.bytes) === own.id) yield own
      else yield* (await started(wait.signal))?.findPeer(id, wait) ?? []
    },
    async *closestPeers(key, wait) {
      const routing = await started(wait.signal)
      if (routing === undefined) throw new CairnError('NOT_IMPLEMENTED', 'this node is in no DHT: it is offline')
      yield* routing.closestPeers(key, wait)
    },
  }
}

/** Offline it has no address and speaks nothing: whoever asks learns only that it is here. */
const ownPeer = ({ id, addresses }: NodeId, isOffline: boolean): RoutedPeer => ({
  id,
  addresses: addresses.map(address => withoutPeer(address, id)),
  protocols: isOffline ? [] : ['transport-bitswap'],
})
