// Delegated Routing over HTTP: who has content, where peers are, what names say (spec: gateway §2.23).

import type { HttpBindings } from '@hono/node-server'
import { CID } from 'multiformats/cid'
import { LIBP2P_KEY, parseCid } from '../../src/block/cid.ts'
import { escapeName } from '../../src/dag/names.ts'
import { CairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { parseKey } from '../../src/names/name.ts'
import { decodeSegment } from '../content/names.ts'
import { splitTarget } from '../content/request.ts'
import { Waiting } from '../content/wait.ts'
import { HttpError } from '../errors.ts'
import { getRecord, putRecord } from './ipns.ts'
import { answerPeers } from './peers.ts'
import { type Asked, ROUTING_CORS, type RoutingNode } from './request.ts'

export const ROUTING_PATH = '/routing/v1/'

export interface RoutingOptions {
  readonly node: RoutingNode
  readonly mayWrite: boolean
}

export type ServeRouting = (env: Pick<HttpBindings, 'incoming' | 'outgoing'>) => Promise<void>

/** Each request may walk a DHT: so many at once, and no line. */
export function createRoutingServer({ node, mayWrite }: RoutingOptions): ServeRouting {
  let running = 0
  return async ({ incoming, outgoing }) => {
    const { method = 'GET', url = '' } = incoming
    const { path, query } = splitTarget(url)
    const route = routeOf(path.slice(ROUTING_PATH.length).split('/').map(decodeSegment))
    const isPut = method === 'PUT' && route.kind === 'ipns' && mayWrite
    const allowed = `GET, HEAD, ${route.kind === 'ipns' && mayWrite ? 'PUT, ' : ''}OPTIONS`
    if (method === 'OPTIONS') {
      outgoing.writeHead(200, { ...ROUTING_CORS, Allow: allowed, 'Content-Length': 0 }).end()
      return
    }
    if (!isPut && method !== 'GET' && method !== 'HEAD')
      throw new HttpError('NOT_IMPLEMENTED', `${method} is not offered here`, { headers: { Allow: allowed } })
    if (running >= LIMITS.routingLookups.value)
      throw new CairnError('TOO_MANY_REQUESTS', `${running} requests for routing are under way`)
    running++
    try {
      const wait = new Waiting(outgoing, LIMITS.routingMs.value)
      const asked: Asked = { node, incoming, outgoing, isHead: method === 'HEAD', wait }
      await (isPut ? putRecord(asked, route.key) : answer(asked, route, new URLSearchParams(query)))
    } finally {
      running--
    }
  }
}

interface Route {
  readonly kind: 'providers' | 'peers' | 'ipns' | 'closest'
  readonly key: string
}

function routeOf(segments: readonly string[]): Route {
  const [kind, key = '', ...rest] = segments
  if ((kind === 'providers' || kind === 'peers' || kind === 'ipns') && key !== '' && rest.length === 0)
    return { kind, key }
  if (segments.length === 4 && segments.slice(0, 3).join('/') === 'dht/closest/peers' && segments[3] !== '')
    return { kind: 'closest', key: segments[3] ?? '' }
  throw new CairnError('BAD_REQUEST', `there is no ${escapeName(ROUTING_PATH + segments.join('/').slice(0, 200))}`)
}

async function answer(asked: Asked, { kind, key }: Route, parameters: URLSearchParams): Promise<void> {
  if (kind === 'ipns') return getRecord(asked, key)
  const { routing } = asked.node
  // Multiaddrs take longer to load than all the rest of a gateway.
  const { peerFilter } = await import('./filters.ts')
  const filter = peerFilter(parameters)
  if (kind === 'providers') {
    const cid = parseCid(key)
    return answerPeers(asked, { member: 'Providers', filter, find: signal => routing.findProviders(cid, { signal }) })
  }
  const cid = kind === 'peers' ? peerCid(key) : keyCid(key)
  const find = (signal: AbortSignal) =>
    kind === 'peers' ? routing.findPeer(cid, { signal }) : routing.closestPeers(cid, { signal })
  return answerPeers(asked, { member: 'Peers', filter, find })
}

/** `12D3…` and `Qm…` as they are, or a CID of a key; anything else with that multihash would be content. */
function peerCid(text: string): CID {
  if (!/^(?:1|Qm)/.test(text) && parseCid(text).code !== LIBP2P_KEY)
    throw new CairnError('BAD_CID', `"${escapeName(text.slice(0, 100))}" is no peer id`)
  return CID.createV1(LIBP2P_KEY, parseKey(text).multihash)
}

/** A peer id where it looks like one, else any CID: what counts is its multihash. */
const keyCid = (text: string): CID =>
  text.startsWith('1') ? CID.createV1(LIBP2P_KEY, parseKey(text).multihash) : parseCid(text)
