// The public content gateway: reads only, knows a GatewayNode and nothing else of the world (spec: gateway §1.10).

import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import type { GatewayNode } from '../../src/api/gateway-node.ts'
import { parseHostEntry } from '../../src/config/hosts.ts'
import type { Config } from '../../src/config/schema.ts'
import { Lru } from '../../src/dag/lru.ts'
import { escapeName } from '../../src/dag/names.ts'
import { CairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import type { Logger } from '../../src/observe/log.ts'
import { parseTimeout } from '../../src/units.ts'
import { countExchange } from '../admin/count.ts'
import { HttpError } from '../errors.ts'
import { createRoutingServer, ROUTING_PATH, type ServeRouting } from '../routing/serve.ts'
import { contentOf, namesOf } from '../safety/access.ts'
import { describePhase } from '../safety/budgets.ts'
import { refuseHost } from '../safety/hosts.ts'
import { createSafety } from '../safety/safety.ts'
import { withoutSignature } from '../safety/signed.ts'
import type { HttpApp, HttpEnv } from '../server.ts'
import { answerError, type Searched } from './errors.ts'
import { forwardedFilter } from './forwarded.ts'
import { hostRouter } from './hosts.ts'
import { maySite, siteOf } from './mutable.ts'
import { splitTarget } from './request.ts'
import { CORS } from './respond.ts'
import { type Gateway, type Progress, serve } from './serve.ts'
import { echoTrace } from './trace.ts'
import { Waiting } from './wait.ts'

export interface ContentAppOptions {
  readonly node: GatewayNode
  readonly config: Pick<Config, 'mode' | 'gateway'>
  readonly log: Logger
  /** The repository's folder, for the keys of signed addresses. */
  readonly repo?: string
}

export function contentApp({ node, config, log, repo }: ContentAppOptions): Hono<HttpEnv> & HttpApp {
  const { access } = config.gateway
  const safety = createSafety({ node, config: config.gateway, repo, log })
  const gateway: Gateway = {
    node,
    names: namesOf(node, access),
    content: contentOf(node, access),
    safety,
    denylist: node.denylist,
    pages: new Lru({ max: LIMITS.pageCacheBytes.value, sizeOf: page => page.byteLength }),
    mode: config.mode,
    gateways: config.gateway.hosts.map(entry => parseHostEntry(entry).name).filter(name => name !== '*'),
    timeoutMs: parseTimeout(config.gateway.retrievalTimeout),
    log,
    showsRules: config.gateway.showRules,
    filterForwarded: forwardedFilter(config.gateway.proxies),
    hostOf: hostRouter(config.gateway.hosts),
  }
  const app = new Hono<HttpEnv>()
  if (config.gateway.routing !== 'off') {
    const routing = createRoutingServer({ node, mayWrite: config.gateway.routing === 'write' })
    app.all(`${ROUTING_PATH}*`, c => edge(gateway, c.env, unlessSite(routing)))
  }
  app.get('*', c => edge(gateway, c.env, serve))
  app.options('*', c => edge(gateway, c.env, preflight))
  app.all('*', c => edge(gateway, c.env, refuseMethod))
  return Object.assign(app, { direct: directly(gateway), isTunnelled: config.gateway.proxy, takes: safety.takes })
}

/** Paths of content, and whole URLs, of which the adapter would refuse some. */
const DIRECT = /^(?:\/ip[fn]s\/|https?:)/i

/** Content, which is nearly everything, needs no routes: a sixth of the time of a small answer would go into them. */
function directly(gateway: Gateway): NonNullable<HttpApp['direct']> {
  return (incoming, outgoing) => {
    const { method, url } = incoming
    const isRead = (method === 'GET' || method === 'HEAD') && url !== undefined && DIRECT.test(url)
    // `OPTIONS *` asks about the server: the adapter makes no request of it.
    if (!isRead && !(method === 'OPTIONS' && url === '*')) return false
    edge(gateway, { incoming, outgoing }, isRead ? serve : preflight).catch(error => {
      gateway.log.error('an error could not be answered', { err: error })
      outgoing.destroy()
    })
    return true
  }
}

type Handler = (gateway: Gateway, env: HttpEnv['Bindings'], progress: Progress) => void | Promise<void>

/** The one place that catches: whatever a handler throws becomes an answer, or a cut connection. */
async function edge(gateway: Gateway, env: HttpEnv['Bindings'], handle: Handler): Promise<Response> {
  const { incoming, outgoing } = env
  gateway.filterForwarded(incoming)
  echoTrace(incoming, outgoing)
  const isLimited = handle !== preflight
  const place = isLimited ? gateway.safety.admission.admit(incoming, outgoing) : undefined
  countExchange(outgoing, 'gateway', place)
  if (isLimited && place === undefined) return RESPONSE_ALREADY_SENT
  const progress: Progress = { path: incoming.url ?? '/', isContent: false, home: '/' }
  if (gateway.safety.signed !== undefined) hideSignature(progress)
  if (place !== undefined) progress.place = place
  try {
    await handle(gateway, env, progress)
  } catch (error) {
    await answerError(error, {
      incoming,
      outgoing,
      log: gateway.log,
      ...progress,
      searched: () => searched(gateway, progress),
    })
  }
  return RESPONSE_ALREADY_SENT
}

/** Only when nothing came in time. */
async function searched({ content, timeoutMs }: Gateway, { root, wait, name, waited }: Progress): Promise<Searched> {
  const phase = wait === undefined ? '' : await describePhase({ content, wait, name, path: waited })
  if (root === undefined) return { phase, tried: [] }
  const own = content.local.has(root) ? 'has the root, but not all that was asked for' : 'does not have it'
  return { phase, tried: [`this node itself: ${own}`, `the network: nothing came within ${timeoutMs / 1000} s`] }
}

/** What opens content is not for logs and error pages. */
function hideSignature(progress: Progress): void {
  const { path, query } = splitTarget(progress.path)
  const kept = withoutSignature(query)
  if (kept !== query) progress.path = kept === '' ? path : `${path}?${kept}`
}

/** On the host of a content root, or of a DNSLink, every path is one in its folder. */
function unlessSite(serveRouting: ServeRouting): Handler {
  return async (gateway, env, progress) => {
    const { incoming, outgoing } = env
    const target = splitTarget(incoming.url ?? '/')
    const host = gateway.hostOf(incoming.headers)
    refuseHost(host)
    const wait = new Waiting(outgoing, gateway.timeoutMs)
    const isSite =
      maySite(host, target) && (await siteOf(gateway.node.names, host, { headers: incoming.headers, wait }))
    if (host.kind !== 'root' && !isSite) return serveRouting(env)
    return contentHandler(incoming.method)(gateway, env, progress)
  }
}

const contentHandler = (method = 'GET'): Handler =>
  method === 'GET' || method === 'HEAD' ? serve : method === 'OPTIONS' ? preflight : refuseMethod

const ALLOWED = 'GET, HEAD, OPTIONS'

const preflight: Handler = (_gateway, { outgoing }) => {
  outgoing.writeHead(200, { ...CORS, Allow: ALLOWED, 'Content-Length': 0 }).end()
}

const refuseMethod: Handler = ({ hostOf }, { incoming }, { path }) => {
  const { kind } = hostOf(incoming.headers)
  const isContent = /^\/+ip[fn]s(?:[/?]|$)/.test(path) || kind === 'root' || kind === 'named'
  if (!isContent) throw new CairnError('NOT_FOUND', `there is no ${escapeName(path)}`)
  throw new HttpError('METHOD_NOT_ALLOWED', `method ${incoming.method} not allowed: read only access`, {
    headers: { Allow: ALLOWED },
  })
}
