// WebSocket addresses that strangers announce: what is sent there is an HTTP request, which must not go into the network this machine is in.

import { lookup } from 'node:dns/promises'
import type { ConnectionGater } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { isPrivateAddress } from '../names/outbound.ts'

export interface DialGuard {
  readonly gater: ConnectionGater
  /** A person named this address: it may be anywhere. */
  allow(address: Multiaddr): void
}

/** Only in the public network do strangers tell a node whom to dial. What listens for TCP alone makes nothing of a dial. */
export function createDialGuard({ isPublic }: { isPublic: boolean }): DialGuard {
  const allowed = new Set<string>()
  return {
    gater: {
      denyDialMultiaddr: async address => isPublic && !allowed.has(placeOf(address)) && (await isPrivateHttp(address)),
    },
    allow: address => void allowed.add(placeOf(address)),
  }
}

/** Host, port and transport, whoever is to be there. */
function placeOf(address: Multiaddr): string {
  const components = address.getComponents().filter(({ name }) => name !== 'p2p')
  return components.map(({ name, value = '' }) => `${name} ${value}`).join(' ')
}

async function isPrivateHttp(address: Multiaddr): Promise<boolean> {
  const components = address.getComponents()
  if (!components.some(({ name }) => name === 'ws' || name === 'wss')) return false
  const host = components.find(({ name }) => /^(?:ip[46]|dns[46]?|dnsaddr)$/.test(name))
  if (host?.value === undefined) return false
  if (host.name.startsWith('ip')) return isPrivateAddress(host.value)
  try {
    const found = await lookup(host.value, { all: true })
    return found.some(one => isPrivateAddress(one.address))
  } catch {
    // A name that cannot be looked up is not dialled either.
    return false
  }
}
