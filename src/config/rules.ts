// What must hold between config values, beyond the kind of each.

import { CairnError, toCairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { parseHostEntry } from './hosts.ts'
import { parseAddress } from './kinds.ts'
import { parseRate } from './rate.ts'
import type { Config } from './schema.ts'

/** BAD_CONFIG if the values do not fit together. `origin` tells where a key's value came from. */
export function checkRules(config: Config, origin: (key: string) => string): void {
  const fail = (key: string, what: string, hint: string): never => {
    throw new CairnError('BAD_CONFIG', `${origin(key)}: ${key}: ${what}`, { hint })
  }
  const api = parseAddress(config.api.listen)
  // The API can add, unpin and stop the node; without tokens only this machine may reach it (design §7).
  if (api !== undefined && !isLoopback(api.host)) {
    fail('api.listen', `${config.api.listen} is reachable from other machines`, 'use 127.0.0.1, ::1 or localhost')
  }
  const { highWater, lowWater, gcPace } = config.store
  if (highWater > 100) fail('store.highWater', `${highWater} percent are more than all of store.max`, 'as in 90')
  if (highWater > 0 && lowWater >= highWater)
    fail('store.lowWater', `${lowWater} is not below store.highWater (${highWater})`, 'as in 80')
  if (gcPace < 1 || gcPace > 100) fail('store.gcPace', `${gcPace} is not a percentage from 1 to 100`, 'as in 50')
  for (const host of config.gateway.hosts) {
    try {
      parseHostEntry(host)
    } catch (error) {
      const { message, hint } = toCairnError(error)
      fail('gateway.hosts', message, hint)
    }
  }
  const { rate, clientShare, workers } = config.gateway
  const most = LIMITS.workers.value
  if (workers > most)
    fail('gateway.workers', `${workers} are more than ${most}`, 'one for each processor core is enough')
  try {
    parseRate(rate)
  } catch (error) {
    const { message, hint } = toCairnError(error)
    fail('gateway.rate', message, hint)
  }
  if (clientShare < 1 || clientShare > 100)
    fail('gateway.clientShare', `${clientShare} is not a percentage from 1 to 100`, 'as in 25; 100: no limit')
  for (const entry of config.dnslink.static)
    if (!/^[^:/\s]+:\/ip[fn]s\/\S/.test(entry))
      fail('dnslink.static', `"${entry}" is not NAME:/ipfs/CID`, 'as in docs.example.org:/ipfs/bafy…')
  for (const entry of config.dnslink.resolvers)
    if (!/^\.[^\s=/]*=https?:\/\/[^\s/]+(\/\S*)?$/.test(entry))
      fail('dnslink.resolvers', `"${entry}" is not .TLD=URL`, 'as in .eth=https://dns.eth.limo/dns-query')
  for (const entry of config.ipns.routers)
    if (!/^https?:\/\/[^\s/]+(\/\S*)?$/.test(entry))
      fail('ipns.routers', `"${entry}" is no URL`, 'as in https://example.org')
  const gateway = config.gateway.listen
  if (gateway !== '' && gateway === config.api.listen && parseAddress(gateway)?.port !== 0) {
    fail('gateway.listen', `${gateway} is also api.listen`, 'give each listener a port of its own')
  }
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
