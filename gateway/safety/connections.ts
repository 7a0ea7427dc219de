// How many connections one network of clients may hold: or a few slow ones would keep everybody else out.

import type { Socket } from 'node:net'
import { METRICS } from '../../src/observe/metrics.ts'
import type { Clients } from './clients.ts'

export interface ConnectionsOptions {
  readonly clients: Pick<Clients, 'networkOfSocket'>
  readonly max: number
  /** In percent of them; 100: all. */
  readonly share: number
}

/** Tells of each new connection whether it is taken; undefined where none would be refused. */
export function connectionGuard({
  clients,
  max,
  share,
}: ConnectionsOptions): ((socket: Socket) => boolean) | undefined {
  if (share >= 100 || max === 0) return undefined
  const most = Math.max(1, Math.floor((max * share) / 100))
  const held = new Map<string, number>()
  // A tunnel's socket comes in a second time, as the connection inside it.
  const seen = new WeakSet<Socket>()
  return socket => {
    const network = clients.networkOfSocket(socket)
    if (network === undefined || seen.has(socket)) return true
    seen.add(socket)
    const now = held.get(network) ?? 0
    if (now >= most) {
      METRICS.gatewayRefused.add(1, { why: 'connections' })
      return false
    }
    held.set(network, now + 1)
    socket.once('close', () => {
      const left = (held.get(network) ?? 1) - 1
      if (left > 0) held.set(network, left)
      else held.delete(network)
    })
    return true
  }
}
