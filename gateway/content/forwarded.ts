// Whose `X-Forwarded-…` headers count: everyone's, or those of listed proxies alone (spec: gateway §1.2).

import type { IncomingMessage } from 'node:http'
import { addressList, plainAddress } from '../../src/config/addresses.ts'

/** Takes the headers out of a request that did not come through a listed proxy; with an empty list, from nobody's. */
export function forwardedFilter(proxies: readonly string[]): (incoming: IncomingMessage) => void {
  if (proxies.length === 0) return () => {}
  const trusted = addressList('gateway.proxies', proxies)
  return ({ socket, headers }) => {
    const address = plainAddress(socket.remoteAddress ?? '')
    // A unix socket has no address: who may open it was chosen by its permissions.
    if (address === '' || trusted.has(address)) return
    for (const name of FORWARDED) delete headers[name]
  }
}

/** Not `X-Forwarded-For`: that somebody stands between is good to know, whoever says it. */
const FORWARDED = ['x-forwarded-host', 'x-forwarded-proto'] as const
