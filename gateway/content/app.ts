// The public content gateway: reads only, knows a CairnNode and nothing else of the world (spec: gateway §1.10).

import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import type { CID } from 'multiformats/cid'
import type { Resolved } from '../../src/api/content.ts'
import type { CairnNode } from '../../src/api/node.ts'
import type { Config } from '../../src/config/schema.ts'
import { loadBlock } from '../../src/dag/blocks.ts'
import { Lru } from '../../src/dag/lru.ts'
import { escapeName } from '../../src/dag/names.ts'
import { resolvePath } from '../../src/dag/resolve.ts'
import { CairnError, isCairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import type { Logger } from '../../src/observe/log.ts'
import { parseTimeout } from '../../src/units.ts'
import { countExchange } from '../admin/count.ts'
import { HttpError } from '../errors.ts'
import type { HttpApp, HttpEnv } from '../server.ts'
import { answerError } from './errors.ts'
import { hostRouter } from './hosts.ts'
import { serveLanding } from './landing.ts'
import { type Choice, negotiate } from './negotiate.ts'
import { isPreviewed, represent, type Sources } from './represent.ts'
import { type ContentRequest, splitTarget } from './request.ts'
import { answer, CORS, type Exchange } from './respond.ts'
import { routeRequest } from './route.ts'
import { Waiting } from './wait.ts'

export interface ContentAppOptions {
  readonly node: CairnNode
  readonly config: Pick<Config, 'mode' | 'gateway'>
  readonly log: Logger
}

/** What stays the same from request to request. */
interface Gateway extends Sources {
  readonly node: CairnNode
  readonly mode: string
  readonly gateways: readonly string[]
  readonly timeoutMs: number
  readonly log: Logger
  readonly hostOf: ReturnType<typeof hostRouter>
}

export function contentApp({ node, config, log }: ContentAppOptions): Hono<HttpEnv> & HttpApp {
  const gateway: Gateway = {
    node,
    content: node.content,
    pages: new Lru({ max: LIMITS.pageCacheBytes.value, sizeOf: page => page.byteLength }),
    mode: config.mode,
    gateways: config.gateway.hosts,
    timeoutMs: parseTimeout(config.gateway.retrievalTimeout),
    log,
    hostOf: hostRouter(config.gateway.hosts),
  }
  const app = new Hono<HttpEnv>()
  app.get('*', c => edge(gateway, c.env, serve))
  app.options('*', c => edge(gateway, c.env, preflight))
  app.all('*', c => edge(gateway, c.env, refuseMethod))
  return Object.assign(app, { direct: directly(gateway) })
}

/** Content, which is nearly everything, needs no routes: a sixth of the time of a small answer would go into them. */
function directly(gateway: Gateway): NonNullable<HttpApp['direct']> {
  return (incoming, outgoing) => {
    const { method, url } = incoming
    if ((method !== 'GET' && method !== 'HEAD') || url?.startsWith('/ipfs/') !== true) return false
    edge(gateway, { incoming, outgoing }, serve).catch(error => {
      gateway.log.error('an error could not be answered', { err: error })
      outgoing.destroy()
    })
    return true
  }
}

/** What an error answer needs to know, filled in as the request is understood. */
interface Progress {
  path: string
  isContent: boolean
  home: string
  root?: CID
}

type Handler = (gateway: Gateway, env: HttpEnv['Bindings'], progress: Progress) => void | Promise<void>

/** The one place that catches: whatever a handler throws becomes an answer, or a cut connection. */
async function edge(gateway: Gateway, env: HttpEnv['Bindings'], handle: Handler): Promise<Response> {
  const { incoming, outgoing } = env
  countExchange(outgoing, 'gateway')
  const progress: Progress = { path: incoming.url ?? '/', isContent: false, home: '/' }
  try {
    await handle(gateway, env, progress)
  } catch (error) {
    await answerError(error, {
      incoming,
      outgoing,
      log: gateway.log,
      ...progress,
      searched: searched(gateway, progress),
    })
  }
  return RESPONSE_ALREADY_SENT
}

function searched({ content, timeoutMs }: Gateway, { root }: Progress): string[] {
  if (root === undefined) return []
  const own = content.local.has(root) ? 'has the root, but not all that was asked for' : 'does not have it'
  return [`this node itself: ${own}`, `the network: nothing came within ${timeoutMs / 1000} s`]
}

const ALLOWED = 'GET, HEAD, OPTIONS'

const preflight: Handler = (_gateway, { outgoing }) => {
  outgoing.writeHead(200, { ...CORS, Allow: ALLOWED, 'Content-Length': 0 }).end()
}

const refuseMethod: Handler = ({ hostOf }, { incoming }, { path }) => {
  const isContent = /^\/+ip[fn]s(?:[/?]|$)/.test(path) || hostOf(incoming.headers).kind === 'root'
  if (!isContent) throw new CairnError('NOT_FOUND', `there is no ${escapeName(path)}`)
  throw new HttpError('METHOD_NOT_ALLOWED', `method ${incoming.method} not allowed: read only access`, {
    headers: { Allow: ALLOWED },
  })
}

async function serve(gateway: Gateway, env: HttpEnv['Bindings'], progress: Progress): Promise<void> {
  const { incoming, outgoing } = env
  const target = splitTarget(incoming.url ?? '/')
  const host = gateway.hostOf(incoming.headers, target.authority)
  if (host.kind === 'root') progress.home = `//${host.gateway}/`
  const route = routeRequest(incoming, target, host)
  if (route.kind === 'landing') return serveLanding(gateway, { incoming, outgoing, query: target.query })
  if (route.kind === 'redirect') return redirect(outgoing, route.location)
  const { request } = route
  progress.path = request.contentPath
  progress.isContent = true
  progress.root = request.path.root
  const exchange = { incoming, outgoing, request, wait: new Waiting(outgoing, gateway.timeoutMs) }
  return serveContent(gateway, exchange)
}

async function serveContent(gateway: Gateway, exchange: Exchange): Promise<void> {
  const { request, outgoing } = exchange
  const choice = negotiate(request.parameters.get('format'), request.headers.accept)
  const resolved = await resolve(gateway, exchange, choice)
  if (resolved.remainder.length > 0) {
    throw new CairnError('NOT_IMPLEMENTED', `${resolved.cid} is a document; the path goes on inside it`, {
      hint: 'fetch the document and read it yourself',
    })
  }
  const hasSlash = resolved.kind === 'directory' || isPreviewed(request, resolved)
  if (hasSlash && choice.formats.length === 0 && wantsSlash(request)) {
    return redirect(outgoing, `${request.clientPath}/${request.query === '' ? '' : `?${request.query}`}`)
  }
  await answer(exchange, await represent(gateway, exchange, resolved, choice))
}

/** `go get` asks for folders without a slash and follows no redirect. */
const wantsSlash = ({ hasSlash, parameters }: ContentRequest): boolean => !hasSlash && parameters.get('go-get') !== '1'

function resolve(gateway: Gateway, { request, wait }: Exchange, choice: Choice): Promise<Resolved> {
  const { path, headers, parameters } = request
  if (/\bonly-if-cached\b/i.test(headers['cache-control'] ?? '')) return resolveHere(gateway, request, wait.signal)
  const wantsBlocks = choice.formats[0] === 'raw' || choice.formats[0] === 'car'
  // Blocks as they are need nobody who can read them; bytes of a file do.
  if (wantsBlocks && path.segments.length === 0 && !parameters.has('entity-bytes')) {
    return resolveBlock(gateway, request, wait.signal)
  }
  return gateway.content.resolve(path, wait)
}

async function resolveBlock({ content }: Gateway, { path }: ContentRequest, signal: AbortSignal): Promise<Resolved> {
  const { root } = path
  const { byteLength } = await loadBlock(content.blocks(root), root, { signal })
  return { cid: root, kind: 'other', sizeBytes: byteLength, roots: [root], remainder: [] }
}

/** Not a byte of network (spec: gateway §2.6). */
async function resolveHere(
  { content }: Gateway,
  { path, contentPath }: ContentRequest,
  signal: AbortSignal,
): Promise<Resolved> {
  try {
    return await resolvePath(content.local, path, { signal })
  } catch (cause) {
    if (!isCairnError(cause, 'BLOCK_NOT_LOCAL')) throw cause
    throw new CairnError('PRECONDITION_FAILED', `"${contentPath}" not in local datastore`, { cause })
  }
}

function redirect(outgoing: Exchange['outgoing'], location: string): void {
  outgoing.writeHead(301, { ...CORS, Location: location, 'Content-Length': 0 }).end()
}
