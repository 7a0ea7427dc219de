// Where a request belongs, before anything is looked up: the front page, content, or a redirect (spec: gateway §1.2, §1.5, §1.7).

import type { IncomingMessage } from 'node:http'
import { escapeName } from '../../src/dag/names.ts'
import { CairnError } from '../../src/errors.ts'
import { type HostRoute, rootLabel, schemeOf } from './hosts.ts'
import { decodeSegment, encodePath } from './names.ts'
import { type ContentRequest, contentRequest, parseRoot, parseSegments, type Target } from './request.ts'
import { locationOfUri } from './uri.ts'

export type Route =
  | { readonly kind: 'landing' }
  | { readonly kind: 'redirect'; readonly status: 301; readonly location: string }
  | { readonly kind: 'content'; readonly request: ContentRequest }

type Incoming = Pick<IncomingMessage, 'method' | 'headers'>

export function routeRequest(incoming: Incoming, target: Target, host: HostRoute): Route {
  if (host.kind === 'root') return onRootHost(incoming, target, host)
  const { path, query } = target
  if (path === '/' || path === '') return { kind: 'landing' }
  const match = /^\/+(ip[fn]s)(?:\/+([^/]*)(.*))?$/s.exec(path)
  if (match === null) throw new CairnError('NOT_FOUND', `there is no ${escapeName(path)}`)
  const [, namespace = '', rawRoot = '', rest = ''] = match
  if (rawRoot === '' && rest === '') return namespaceRoot(namespace, query)
  guardServiceWorker(incoming, rest)
  if (namespace === 'ipfs' && (rawRoot === 'ipfs' || rawRoot === 'ipns')) return withoutPrefix(rawRoot, rest, query)
  if (namespace === 'ipns') throw noNames()
  const rootText = decodeSegment(rawRoot)
  if (host.kind === 'gateway') return toRootHost(incoming, host.host, rootText, rest, query)
  const { method = 'GET', headers } = incoming
  return {
    kind: 'content',
    request: contentRequest({ method, site: { kind: 'path' }, rootText, rest, query, headers }),
  }
}

const noNames = () =>
  new CairnError('NOT_IMPLEMENTED', 'names under /ipns are not resolved here', {
    hint: 'resolve the name elsewhere and open its /ipfs path',
  })

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

function withoutPrefix(namespace: 'ipfs' | 'ipns', rest: string, query: string): Route {
  const [, rawRoot = ''] = /^\/+([^/]*)/.exec(rest) ?? []
  if (namespace === 'ipfs') parseRoot(decodeSegment(rawRoot), rest)
  return { kind: 'redirect', status: 301, location: `/${namespace}${rest}${queryPart(query)}` }
}

function toRootHost({ headers }: Incoming, gateway: string, rootText: string, rest: string, query: string): Route {
  const label = rootLabel(parseRoot(rootText, rest))
  const { names, hasSlash } = parseSegments(rest)
  const path = names.length === 0 ? '/' : encodePath(names) + (hasSlash && rest !== '' ? '/' : '')
  return {
    kind: 'redirect',
    status: 301,
    location: `${schemeOf(headers)}://${label}.ipfs.${gateway}${path}${queryPart(query)}`,
  }
}

/** Each root has one host: every other spelling of its CID is sent there, so that one root has one origin. */
function onRootHost(incoming: Incoming, { path, query }: Target, host: Extract<HostRoute, { kind: 'root' }>): Route {
  if (host.namespace === 'ipns') throw noNames()
  const { method = 'GET', headers } = incoming
  const scheme = schemeOf(headers)
  const label = rootLabel(parseRoot(host.label, path))
  if (label !== host.label) {
    const location = `${scheme}://${label}.ipfs.${host.gateway}${path}${queryPart(query)}`
    return { kind: 'redirect', status: 301, location }
  }
  const site = { kind: 'root', gateway: host.gateway, scheme } as const
  return { kind: 'content', request: contentRequest({ method, site, rootText: label, rest: path, query, headers }) }
}

const queryPart = (query: string): string => (query === '' ? '' : `?${query}`)
