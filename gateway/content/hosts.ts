// What a host name stands for: a gateway, one content root below it (`<cid>.ipfs.<gateway>`), or perhaps a site (spec: gateway §1.2, §2.18).

import type { IncomingHttpHeaders } from 'node:http'
import { DEFAULT_RULES, type HostRules, parseHostEntry } from '../../src/config/hosts.ts'
import { Lru } from '../../src/dag/lru.ts'
import { CairnError } from '../../src/errors.ts'

export type HostRoute =
  /** Paths only: IP addresses and names that are not configured. */
  | { readonly kind: 'path'; readonly rules: HostRules }
  /** The same, but if the name has a DNSLink record it is a site. `host` keeps its port. */
  | { readonly kind: 'named'; readonly host: string; readonly name: string; readonly rules: HostRules }
  /** A configured name. */
  | { readonly kind: 'gateway'; readonly host: string; readonly name: string; readonly rules: HostRules }
  | {
      readonly kind: 'root'
      readonly label: string
      readonly namespace: 'ipfs' | 'ipns'
      readonly gateway: string
      readonly rules: HostRules
    }

/** Routes by the host a client named; `entries` are those of `gateway.hosts`. */
export function hostRouter(
  entries: readonly string[],
): (headers: IncomingHttpHeaders, authority?: string) => HostRoute {
  const rules = new Map(entries.map(parseHostEntry).map(entry => [entry.name, entry.rules]))
  const known = new Lru<string, HostRoute>({ max: 1000 })
  return (headers, authority) => {
    const host = effectiveHost(headers, authority)
    const seen = known.get(host)
    if (seen !== undefined) return seen
    const route = routeHost(host, rules)
    known.set(host, route)
    return route
  }
}

/** A proxy in front says which name the client used; a target in absolute form beats the Host header. */
export function effectiveHost(headers: IncomingHttpHeaders, authority: string | undefined): string {
  const forwarded = headers['x-forwarded-host']
  if (forwarded !== undefined) return String(forwarded).split(',', 1)[0]?.trim() ?? ''
  return authority ?? headers.host ?? ''
}

/** Names that reach this machine or its neighbours, where the front page is at home. */
const NEARBY = /^[^.]+$|^localhost$|\.(?:localhost|local|lan)$/

const THIS_MACHINE = /^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)(?::\d+)?$/i

function routeHost(host: string, rules: ReadonlyMap<string, HostRules>): HostRoute {
  if (/[^\w.:[\]-]/.test(host)) throw new CairnError('BAD_REQUEST', 'the host that was asked for is not one')
  if (Number(/:(\d+)$/.exec(host)?.[1] ?? 0) > 65_535) throw new CairnError('BAD_REQUEST', 'there is no such port')
  const others = { ...(rules.get('*') ?? DEFAULT_RULES), hasSubdomains: false }
  const match = /^([^:[\]]+?)\.?(:\d+)?$/.exec(host.toLowerCase())
  const [, name = '', port = ''] = match ?? []
  // Nobody can point a name of theirs at this machine by its own address.
  const isRefused = others.isRefused && !THIS_MACHINE.test(host)
  if (name === '' || /^[\d.]+$/.test(name)) return { kind: 'path', rules: { ...others, isRefused, hasFrontPage: true } }
  const rulesOf = (candidate: string) =>
    rules.get(candidate + port) ?? rules.get(candidate) ?? rules.get(candidate.replace(/^[^.]+(?=\.)/, '*'))
  const frontPage = NEARBY.test(name) ? { hasFrontPage: true } : {}
  const own = rulesOf(name)
  if (own !== undefined) return { kind: 'gateway', host: name + port, name, rules: { ...own, ...frontPage } }
  const labels = name.split('.')
  for (let i = labels.length - 2; i >= 1; i--) {
    const namespace = labels[i]
    if (namespace !== 'ipfs' && namespace !== 'ipns') continue
    const gateway = labels.slice(i + 1).join('.')
    const rules = rulesOf(gateway)
    if (rules?.hasSubdomains !== true) continue
    return { kind: 'root', label: labels.slice(0, i).join('.'), namespace, gateway: gateway + port, rules }
  }
  const isSite = name.includes('.') && others.hasDnslink
  return isSite
    ? { kind: 'named', host: name + port, name, rules: { ...others, ...frontPage } }
    : { kind: 'path', rules: { ...others, isRefused, ...frontPage } }
}

export const schemeOf = (headers: IncomingHttpHeaders): 'http' | 'https' =>
  String(headers['x-forwarded-proto'] ?? '').toLowerCase() === 'https' ? 'https' : 'http'
