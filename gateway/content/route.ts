// Where a request belongs, before anything is looked up: the front page, content, a name, or a redirect (spec: gateway §1.2, §1.5, §1.7).

import type { IncomingMessage } from 'node:http'
import type { HostRules } from '../../src/config/hosts.ts'
import { escapeName } from '../../src/dag/names.ts'
import { CairnError } from '../../src/errors.ts'
import { parseName } from '../../src/names/name.ts'
import { type HostRoute, schemeOf } from './hosts.ts'
import { nameLabel, rootLabel } from './labels.ts'
import { decodeSegment, encodePath } from './names.ts'
import {
  type AskedRequest,
  type ContentRequest,
  contentRequest,
  type Namespace,
  nameRequest,
  parseRoot,
  parseSegments,
  type Target,
} from './request.ts'
import { locationOfUri } from './uri.ts'

export type Route =
  | { readonly kind: 'landing' }
  /** What this server speaks over libp2p (spec: gateway §2.24). */
  | { readonly kind: 'protocols' }
  | { readonly kind: 'redirect'; readonly status: 301 | 302; readonly location: string }
  | { readonly kind: 'content'; readonly request: ContentRequest }
  /** To be resolved first; `name` in its one spelling. */
  | { readonly kind: 'name'; readonly name: string; readonly request: AskedRequest }

/** A host that turned out to be the site of its DNSLink. */
export interface DnslinkSite {
  readonly kind: 'dnslink'
  readonly host: string
  readonly name: string
  readonly rules: HostRules
}

type Incoming = Pick<IncomingMessage, 'method' | 'headers'>

export function routeRequest(incoming: Incoming, target: Target, host: HostRoute | DnslinkSite): Route {
  if (host.kind === 'root') return onRootHost(incoming, target, host)
  if (host.kind === 'dnslink') return onSite(incoming, target, host)
  const { path } = target
  if (path === '/' || path === '') {
    if (host.rules.hasFrontPage) return { kind: 'landing' }
    throw nothingAt('/')
  }
  if (path === '/.well-known/libp2p/protocols') return { kind: 'protocols' }
  const asked = askedOf(target)
  if (asked === undefined || !host.rules.namespaces.includes(asked.namespace)) throw nothingAt(path)
  return onPathHost(incoming, asked, host)
}

/** Whether a path belongs to a namespace that the host serves; anything else there is the host's own site. */
export function isNamespacePath({ path }: Target, { namespaces }: HostRules): boolean {
  const [, namespace] = /^\/+(ip[fn]s)(?:\/|$)/.exec(path) ?? []
  return namespaces.some(served => served === namespace)
}

const nothingAt = (path: string) => new CairnError('NOT_FOUND', `there is no ${escapeName(path)}`)

interface Asked {
  readonly namespace: Namespace
  /** As it stood in the target. */
  readonly rawRoot: string
  readonly rest: string
  readonly query: string
}

function askedOf({ path, query }: Target): Asked | undefined {
  const [, namespace, rawRoot = '', rest = ''] = /^\/+(ip[fn]s)(?:\/+([^/]*)(.*))?$/s.exec(path) ?? []
  return namespace === undefined ? undefined : { namespace: namespace as Namespace, rawRoot, rest, query }
}

function onPathHost(incoming: Incoming, asked: Asked, host: Exclude<HostRoute, { kind: 'root' }>): Route {
  const { namespace, rawRoot, rest, query } = asked
  if (rawRoot === '' && rest === '') return namespaceRoot(namespace, query)
  guardServiceWorker(incoming, rest)
  if (namespace === 'ipfs' && (rawRoot === 'ipfs' || rawRoot === 'ipns')) return withoutPrefix(rawRoot, rest, query)
  const rootText = decodeSegment(rawRoot)
  if (host.kind === 'gateway' && host.rules.hasSubdomains) return toRootHost(incoming, host, { ...asked, rootText })
  const { method = 'GET', headers } = incoming
  const parts = { method, site: { kind: 'path' }, rootText, rest, query, headers } as const
  if (namespace === 'ipfs') return { kind: 'content', request: contentRequest(parts) }
  const name = parseName(rootText)
  // One key has one spelling here, so that what is cached is cached once.
  if (name.kind === 'key' && name.text !== rootText) {
    return { kind: 'redirect', status: 302, location: `/ipns/${name.text}${cleanPath(rest)}${queryPart(query)}` }
  }
  return { kind: 'name', name: name.text, request: nameRequest(parts) }
}

/** `/ipfs/` itself: only what a protocol handler sends here means something. */
function namespaceRoot(namespace: string, query: string): Route {
  const uri = new URLSearchParams(query).get('uri') ?? ''
  if (uri !== '') return { kind: 'redirect', status: 301, location: locationOfUri(uri) }
  throw new CairnError('BAD_PATH', `invalid path "/${namespace}/": path does not have enough components`)
}

/** A script at the top of a root would control every root of a path gateway (spec: gateway §1.9). */
function guardServiceWorker({ headers }: Incoming, rest: string): void {
  if (rest === '' && headers['service-worker'] === 'script') {
    throw new CairnError('BAD_REQUEST', 'navigator.serviceWorker: registration is not allowed for this scope')
  }
}

function withoutPrefix(namespace: Namespace, rest: string, query: string): Route {
  const [, rawRoot = ''] = /^\/+([^/]*)/.exec(rest) ?? []
  if (namespace === 'ipfs') parseRoot(decodeSegment(rawRoot), rest)
  return { kind: 'redirect', status: 301, location: `/${namespace}${rest}${queryPart(query)}` }
}

/** Nothing is looked up: what the content is and whether it is here is for the root's own host to say. */
function toRootHost(
  { headers }: Incoming,
  { host, rules }: Extract<HostRoute, { kind: 'gateway' }>,
  { namespace, rootText, rest, query }: Asked & { readonly rootText: string },
): Route {
  const scheme = schemeOf(headers)
  const label =
    namespace === 'ipfs'
      ? rootLabel(parseRoot(rootText, rest))
      : labelOfName(rootText, { isInlining: rules.isInlining || scheme === 'https' })
  const location = `${scheme}://${label}.${namespace}.${host}${cleanPath(rest) || '/'}${queryPart(query)}`
  return { kind: 'redirect', status: 301, location }
}

function labelOfName(text: string, { isInlining }: { isInlining: boolean }): string {
  const name = parseName(text)
  if (name.kind === 'key') return name.text
  // A label without dots is one that has been inlined already.
  const domain = name.otherwise ?? name.text
  return isInlining && domain.includes('.') ? nameLabel(domain) : domain
}

/** Each root has one host: every other spelling of its CID or key is sent there, so that one root has one origin. */
function onRootHost(incoming: Incoming, target: Target, host: Extract<HostRoute, { kind: 'root' }>): Route {
  const { namespace, rules } = host
  if (!rules.namespaces.includes(namespace)) throw nothingAt(`/${namespace}`)
  const { path, query } = target
  const { method = 'GET', headers } = incoming
  const scheme = schemeOf(headers)
  const site = { kind: 'root', gateway: host.gateway, scheme } as const
  const toLabel = (label: string): Route => ({
    kind: 'redirect',
    status: 301,
    location: `${scheme}://${label}.${namespace}.${host.gateway}${path}${queryPart(query)}`,
  })
  if (namespace === 'ipfs') {
    const label = rootLabel(parseRoot(host.label, path))
    if (label !== host.label) return toLabel(label)
    return { kind: 'content', request: contentRequest({ method, site, rootText: label, rest: path, query, headers }) }
  }
  const name = parseName(host.label)
  if (name.kind === 'key' && name.text !== host.label) return toLabel(name.text)
  const request = nameRequest({ method, site, rootText: name.text, rest: path, query, headers })
  return { kind: 'name', name: name.kind === 'key' ? name.text : host.label, request }
}

/** On the host of a name there are no namespaces: every path is one in its folder. */
function onSite({ method = 'GET', headers }: Incoming, { path, query }: Target, { host, name }: DnslinkSite): Route {
  const site = { kind: 'dnslink', host } as const
  return {
    kind: 'name',
    name,
    request: nameRequest({ method, site, rootText: name, rest: path === '' ? '/' : path, query, headers }),
  }
}

/** A path as it goes into a Location: encoded anew, its slash kept. */
function cleanPath(rest: string): string {
  if (rest === '') return ''
  const { names, hasSlash } = parseSegments(rest)
  return encodePath(names) + (hasSlash || names.length === 0 ? '/' : '')
}

const queryPart = (query: string): string => (query === '' ? '' : `?${query}`)
