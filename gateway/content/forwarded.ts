// Whose `X-Forwarded-…` headers count: everyone's, or those of listed proxies alone (spec: gateway §1.2).

import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { CairnError } from '../../src/errors.ts'

/** Takes the headers out of a request that did not come through a listed proxy; with an empty list, from nobody's. */
export function forwardedFilter(proxies: readonly string[]): (incoming: IncomingMessage) => void {
  if (proxies.length === 0) return () => {}
  const trusted = new BlockList()
  for (const text of proxies) addRange(trusted, text)
  return ({ socket, headers }) => {
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '')
    const version = isIP(address)
    // A unix socket has no address: who may open it was chosen by its permissions.
    if (version === 0 || trusted.check(address, version === 4 ? 'ipv4' : 'ipv6')) return
    for (const name of FORWARDED) delete headers[name]
  }
}

/** Not `X-Forwarded-For`: that somebody stands between is good to know, whoever says it. */
const FORWARDED = ['x-forwarded-host', 'x-forwarded-proto'] as const

function addRange(list: BlockList, text: string): void {
  const [address = '', prefix] = text.split('/')
  const version = isIP(address)
  const family = version === 4 ? 'ipv4' : 'ipv6'
  const bits = prefix === undefined ? (version === 4 ? 32 : 128) : Number(prefix)
  if (version === 0 || !/^\d*$/.test(prefix ?? '') || bits > (version === 4 ? 32 : 128)) {
    throw new CairnError('BAD_CONFIG', `gateway.proxies: "${text}" is no IP address or range`, {
      hint: 'as in 127.0.0.1, 10.0.0.0/8 or fd00::/8',
    })
  }
  list.addSubnet(address, bits, family)
}
