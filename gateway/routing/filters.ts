// Which peers and addresses a client of /routing/v1 says it can use (spec: gateway §2.23; IPIP-0484).

import { multiaddr } from '@multiformats/multiaddr'
import type { RoutedPeer } from '../../src/api/routing.ts'

/** The peer with the addresses that are left of it, or undefined if it is of no use. */
export type PeerFilter = (peer: RoutedPeer) => RoutedPeer | undefined

/** Both filters have to let a peer pass. */
export function peerFilter(parameters: URLSearchParams): PeerFilter {
  const addresses = listOf(parameters.get('filter-addrs'))
  const protocols = listOf(parameters.get('filter-protocols'))
  return peer => (speaksAny(peer, protocols) ? withAddresses(peer, addresses) : undefined)
}

const listOf = (text: string | null): string[] =>
  (text ?? '')
    .toLowerCase()
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')

function speaksAny({ protocols }: RoutedPeer, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true
  if (protocols.length === 0) return wanted.includes('unknown')
  return protocols.some(protocol => wanted.includes(protocol.toLowerCase()))
}

function withAddresses(peer: RoutedPeer, names: readonly string[]): RoutedPeer | undefined {
  if (names.length === 0) return peer
  if (peer.addresses.length === 0) return names.includes('unknown') ? peer : undefined
  const wanted = names.filter(name => !name.startsWith('!'))
  const unwanted = names.filter(name => name.startsWith('!')).map(name => name.slice(1))
  const addresses = peer.addresses.filter(address => {
    const parts = protocolsOf(address)
    return !unwanted.some(name => parts.includes(name)) && (wanted.length === 0 || wanted.some(n => parts.includes(n)))
  })
  return addresses.length === 0 ? undefined : { ...peer, addresses }
}

const protocolsOf = (address: string): string[] =>
  multiaddr(address)
    .getComponents()
    .map(({ name }) => name)
