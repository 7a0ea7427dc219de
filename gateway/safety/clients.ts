// Who a request counts for: the network of its client, IPv4 /24 or IPv6 /48, seen through the proxies that are listed.

import type { IncomingMessage } from 'node:http'
import { isIP, type Socket } from 'node:net'
import { addressList, plainAddress } from '../../src/config/addresses.ts'
import { LIMITS } from '../../src/limits.ts'
import type { Logger } from '../../src/observe/log.ts'

export interface Clients {
  /** The address of the client as far as it can be believed; undefined for unix sockets. */
  addressOf(incoming: Pick<IncomingMessage, 'socket' | 'headers'>): string | undefined
  /** Its network, for counting; undefined for this machine itself. */
  networkOf(incoming: Pick<IncomingMessage, 'socket' | 'headers'>): string | undefined
  /** The same before anything was asked; undefined also for listed proxies, through which many come. */
  networkOfSocket(socket: Socket): string | undefined
}

interface Peer {
  /** Without the IPv6 form of an IPv4 address; empty for a unix socket. */
  readonly address: string
  readonly network: string | undefined
  readonly isProxy: boolean
}

export function createClients({ proxies, log }: { proxies: readonly string[]; log: Logger }): Clients {
  const trusted = addressList('gateway.proxies', proxies)
  // Looked at once for a connection, not for each of its requests.
  const peers = new WeakMap<Socket, Peer>()
  let hasWarned = false
  const peerOf = (socket: Socket): Peer => {
    const known = peers.get(socket)
    if (known !== undefined) return known
    const address = plainAddress(socket.remoteAddress ?? '')
    const isProxy = trusted.has(address) || (address === '' && proxies.length > 0)
    const peer = { address, network: isThisMachine(address) ? undefined : networkOfAddress(address), isProxy }
    peers.set(socket, peer)
    return peer
  }
  const warn = (address: string) => {
    hasWarned = true
    log.warn('a proxy stands in front that gateway.proxies does not list: its clients are not told apart', { address })
  }
  const addressOf: Clients['addressOf'] = ({ socket, headers }) => {
    const { address, isProxy } = peerOf(socket)
    const own = address === '' ? undefined : address
    const forwarded = headers['x-forwarded-for']
    if (forwarded === undefined) return own
    if (isProxy) return lastUntrusted(String(forwarded), hop => trusted.has(hop)) ?? own
    if (own !== undefined && isThisMachine(own) && !hasWarned) warn(own)
    return own
  }
  return {
    addressOf,
    networkOf: incoming => {
      if (incoming.headers['x-forwarded-for'] === undefined) return peerOf(incoming.socket).network
      const address = addressOf(incoming)
      return address === undefined || isThisMachine(address) ? undefined : networkOfAddress(address)
    },
    networkOfSocket: socket => {
      const { network, isProxy } = peerOf(socket)
      return isProxy ? undefined : network
    },
  }
}

/** From the right, where our own proxies write; what stands left of the first stranger anyone may have made up. */
function lastUntrusted(header: string, isTrusted: (address: string) => boolean): string | undefined {
  const hops = header.split(',').slice(-LIMITS.forwardedHops.value)
  for (const hop of hops.reverse()) {
    const address = addressOfHop(hop.trim())
    if (isIP(address) === 0) return undefined
    if (!isTrusted(address)) return address
  }
  return undefined
}

/** Some proxies write the port behind it, and brackets around IPv6. */
function addressOfHop(hop: string): string {
  const [, bracketed, withPort] = /^(?:\[([^\]]*)\](?::\d+)?|(\d+(?:\.\d+){3}):\d+)$/.exec(hop) ?? []
  return plainAddress(bracketed ?? withPort ?? hop)
}

const isThisMachine = (address: string): boolean => address === '' || address === '::1' || address.startsWith('127.')

/** Whoever has one address of a /24 or a /48 mostly has them all. */
export function networkOfAddress(address: string): string {
  if (address.includes('.') && !address.includes(':')) return address.slice(0, address.lastIndexOf('.'))
  return expand(address).slice(0, 3).join(':')
}

/** The eight groups of an IPv6 address, without leading zeros. */
function expand(address: string): string[] {
  const [head = '', tail] = (address.split('%', 1)[0] ?? '').toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  return [...left, ...new Array<string>(gap).fill('0'), ...right].map(group => group.replace(/^0+(?=.)/, ''))
}
