// One GET or HEAD from its target to its answer, step by step (spec: gateway §1.10).

import type { CID } from 'multiformats/cid'
import type { ContentPath, Resolved } from '../../src/api/content.ts'
import type { GatewayNode } from '../../src/api/gateway-node.ts'
import type { NamesApi } from '../../src/api/names.ts'
import type { HostRules } from '../../src/config/hosts.ts'
import { loadBlock } from '../../src/dag/blocks.ts'
import { CairnError } from '../../src/errors.ts'
import { parseName } from '../../src/names/name.ts'
import type { Logger } from '../../src/observe/log.ts'
import { declaredBytes, refuseLarge } from '../safety/caps.ts'
import type { Place } from '../safety/concurrency.ts'
import { refuseHost } from '../safety/hosts.ts'
import type { Safety } from '../safety/safety.ts'
import { cleanAddress, isVisit, type Signed, signedPlace } from '../safety/signed.ts'
import type { HttpEnv } from '../server.ts'
import { recordRepresentation } from './formats/ipns-record.ts'
import type { forwardedFilter } from './forwarded.ts'
import { effectiveHost, type hostRouter } from './hosts.ts'
import { serveLanding } from './landing.ts'
import { isOnlyIfCached, resolveHere } from './local.ts'
import { followName, maySite, siteOf } from './mutable.ts'
import { type Choice, negotiate } from './negotiate.ts'
import { checkTrustless } from './policy.ts'
import { serveProtocols } from './protocols.ts'
import { mayRedirect, type RuleSources, serveByRules } from './redirects/serve.ts'
import { isPreviewed, represent, withLocation } from './represent.ts'
import { type ContentRequest, parseRoot, splitTarget } from './request.ts'
import { type AnswerPolicy, answer, type Exchange, redirect } from './respond.ts'
import { type Route, routeRequest } from './route.ts'
import { viewOf } from './view.ts'
import { Waiting } from './wait.ts'

/** What stays the same from request to request. */
export interface Gateway extends RuleSources {
  readonly node: GatewayNode
  readonly names: NamesApi
  readonly safety: Safety
  readonly mode: string
  readonly gateways: readonly string[]
  readonly timeoutMs: number
  readonly log: Logger
  readonly filterForwarded: ReturnType<typeof forwardedFilter>
  readonly hostOf: ReturnType<typeof hostRouter>
}

/** What an error answer needs to know, filled in as the request is understood. */
export interface Progress {
  path: string
  isContent: boolean
  home: string
  root?: CID
  /** For the words about what a request has waited for in vain. */
  wait?: Waiting
  name?: string
  waited?: ContentPath
  /** Its place among those that are answered. */
  place?: Place
}

export async function serve(gateway: Gateway, env: HttpEnv['Bindings'], progress: Progress): Promise<void> {
  const { incoming, outgoing } = env
  const { place } = progress
  const { maxMs } = gateway.safety
  const wait = new Waiting(outgoing, gateway.timeoutMs, place === undefined ? { maxMs } : { maxMs, place })
  progress.wait = wait
  const target = splitTarget(incoming.url ?? '/')
  const known = gateway.hostOf(incoming.headers, target.authority)
  refuseHost(known)
  const site = maySite(known, target) ? await lookUpSite(gateway, known, incoming, progress, wait) : undefined
  const host = site ?? known
  if (host.kind === 'root') progress.home = `//${host.gateway}/`
  const route = routeRequest(incoming, target, host)
  switch (route.kind) {
    case 'landing':
      return serveLanding(gateway, { incoming, outgoing, query: target.query })
    case 'protocols':
      return serveProtocols(incoming, outgoing)
    case 'redirect':
      return redirect(outgoing, route)
    default:
      return serveContent(gateway, { ...env, wait, route, rules: host.rules, progress })
  }
}

async function lookUpSite(
  { names }: Gateway,
  host: Parameters<typeof siteOf>[1],
  { headers }: Exchange['incoming'],
  progress: Progress,
  wait: Waiting,
): ReturnType<typeof siteOf> {
  wait.phase = 'name'
  progress.name = host.name
  const site = await wait.lookUp(siteOf(names, host, { headers, wait }))
  wait.phase = 'path'
  return site
}

interface Serving {
  readonly incoming: Exchange['incoming']
  readonly outgoing: Exchange['outgoing']
  readonly wait: Waiting
  readonly route: Extract<Route, { kind: 'content' | 'name' }>
  readonly rules: HostRules
  readonly progress: Progress
}

async function serveContent(
  gateway: Gateway,
  { incoming, outgoing, wait, route, rules, progress }: Serving,
): Promise<void> {
  progress.path = route.request.contentPath
  progress.isContent = true
  const signed = checkSigned(gateway, route, incoming)
  if (signed?.isInAddress === true && isVisit(route.request))
    return redirect(outgoing, { status: 303, ...cleanAddress(route.request, signed) })
  const from =
    signed !== undefined && gateway.safety.signed?.mode === 'beyond' ? gateway.safety.beyond(gateway) : gateway
  const policy = signed === undefined ? gateway.safety.policy : privatePolicy(gateway.safety.policy, signed)
  refuseAsked(gateway, route)
  const choice = negotiate(route.request.parameters.get('format'), route.request.headers.accept)
  checkTrustless(rules, route.request, choice)
  if (choice.formats[0] === 'ipns-record') {
    wait.phase = 'name'
    progress.name = route.request.rootText
    const record = await wait.lookUp(recordRepresentation(from.names, route.request, wait))
    const located = choice.byAccept ? withLocation(record, route.request, 'ipns-record', choice) : record
    return answer({ incoming, outgoing, request: route.request, wait, policy }, located)
  }
  const request = route.kind === 'content' ? route.request : await follow(from, route, progress, wait)
  const { path } = request
  progress.root = path.root
  progress.waited = path
  const checked = from.safety.pinned?.check({ ...path, isBlock: choice.formats[0] === 'raw' }, wait)
  if (checked !== undefined) await checked
  return serveRequest(from, { incoming, outgoing, request, wait, policy }, choice)
}

function checkSigned({ safety }: Gateway, { request, ...route }: Serving['route'], incoming: Exchange['incoming']) {
  if (safety.signed === undefined) return undefined
  const root = route.kind === 'name' ? parseName(route.name).text : parseRoot(request.rootText).toV1().toString()
  const { site } = request
  const host =
    site.kind === 'root' ? site.gateway : effectiveHost(incoming.headers, splitTarget(incoming.url ?? '/').authority)
  return safety.signed.check(request, { incoming, place: signedPlace(request, root), host })
}

const privatePolicy = (policy: AnswerPolicy | undefined, { expiresSecs }: Signed): AnswerPolicy => ({
  caps: policy?.caps,
  hasSandbox: policy?.hasSandbox ?? false,
  privateUntilSecs: expiresSecs,
})

async function follow(
  { names }: Gateway,
  route: Extract<Route, { kind: 'name' }>,
  progress: Progress,
  wait: Waiting,
): Promise<ContentRequest> {
  wait.phase = 'name'
  progress.name = route.name
  const request = await wait.lookUp(followName(names, route, wait))
  wait.phase = 'path'
  return request
}

/** As it was asked for, before a name or a block is looked up. */
function refuseAsked({ node: { denylist } }: Gateway, route: Serving['route']): void {
  if (!denylist.isActive) return
  if (route.kind === 'name') denylist.refuse({ ipnsName: route.name, path: route.request.segments }, 'name')
  else denylist.refuse({ cid: route.request.path.root, path: route.request.path.segments }, 'content')
}

async function serveRequest(gateway: Gateway, exchange: Exchange, choice: Choice): Promise<void> {
  const { request, outgoing } = exchange
  let resolved: Resolved
  try {
    resolved = await resolve(gateway, exchange, choice)
  } catch (error) {
    if (!mayRedirect(error, request, choice)) throw error
    return serveByRules(gateway, exchange, error)
  }
  if (resolved.remainder.length > 0) {
    throw new CairnError('NOT_IMPLEMENTED', `${resolved.cid} is a document; the path goes on inside it`, {
      hint: 'fetch the document and read it yourself',
    })
  }
  const hasSlash = resolved.kind === 'directory' || isPreviewed(request, resolved)
  if (hasSlash && choice.formats.length === 0 && wantsSlash(request)) {
    const query = request.query === '' ? '' : `?${request.query}`
    const headers = exchange.policy?.privateUntilSecs === undefined ? {} : { 'Cache-Control': 'private, no-store' }
    return redirect(outgoing, { status: 301, location: `${request.clientPath}/${query}`, headers })
  }
  exchange.wait.phase = 'content'
  refuseArchive(gateway, exchange, resolved, choice)
  await answer(exchange, await represent(gateway, exchange, resolved, choice))
}

/** A whole DAG in one answer: its size is known only by what it says itself. */
function refuseArchive(
  { content }: Gateway,
  { request, policy }: Exchange,
  resolved: Resolved,
  { formats }: Choice,
): void {
  const caps = policy?.caps
  if (caps === undefined || caps.maxBytes === 0) return
  const { parameters } = request
  const isWholeCar =
    formats[0] === 'car' && (parameters.get('dag-scope') ?? 'all') === 'all' && !parameters.has('entity-bytes')
  const isArchive = formats[0] === 'tar' || (formats.length === 0 && viewOf(request) === 'zip')
  if (isWholeCar || isArchive) refuseLarge(caps, declaredBytes(content, resolved), 'all of this content')
}

/** `go get` asks for folders without a slash and follows no redirect. */
const wantsSlash = ({ hasSlash, parameters }: ContentRequest): boolean => !hasSlash && parameters.get('go-get') !== '1'

function resolve(gateway: Gateway, { request, wait }: Exchange, choice: Choice): Promise<Resolved> {
  const { path, headers, parameters } = request
  if (isOnlyIfCached(headers)) return resolveCached(gateway, request, wait.signal)
  const wantsBlocks = choice.formats[0] === 'raw' || choice.formats[0] === 'car'
  // Blocks as they are need nobody who can read them; bytes of a file do.
  if (wantsBlocks && path.segments.length === 0 && !parameters.has('entity-bytes')) {
    return resolveBlock(gateway, request, wait.signal)
  }
  return gateway.content.resolve(path, wait)
}

async function resolveCached(
  { content, node }: Gateway,
  request: ContentRequest,
  signal: AbortSignal,
): Promise<Resolved> {
  const found = await resolveHere(content, request, signal)
  node.denylist.refuseSteps(request.path, found.roots, 'content')
  return found
}

async function resolveBlock({ content }: Gateway, { path }: ContentRequest, signal: AbortSignal): Promise<Resolved> {
  const { root } = path
  const { byteLength } = await loadBlock(content.blocks(root), root, { signal })
  return { cid: root, kind: 'other', sizeBytes: byteLength, roots: [root], remainder: [] }
}
