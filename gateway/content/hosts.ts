// Which content root a host name stands for: `<cid>.ipfs.<gateway>` gives each root a web origin of its own (spec: gateway §1.2, §2.18).

import type { IncomingHttpHeaders } from 'node:http'
import { base32 } from 'multiformats/bases/base32'
import { base36 } from 'multiformats/bases/base36'
import type { CID } from 'multiformats/cid'
import { toV1 } from '../../src/block/cid.ts'
import { Lru } from '../../src/dag/lru.ts'
import { CairnError } from '../../src/errors.ts'

export type HostRoute =
  /** Paths only: IP addresses and names that are not configured. */
  | { readonly kind: 'path' }
  /** A configured name: paths there are sent on to the root's own host. `host` keeps its port. */
  | { readonly kind: 'gateway'; readonly host: string }
  | { readonly kind: 'root'; readonly label: string; readonly namespace: 'ipfs' | 'ipns'; readonly gateway: string }

const PATH: HostRoute = { kind: 'path' }
const LABEL_MAX = 63

/** Routes by the host a client named; `gateways` are the configured names, `*.example.com` among them. */
export function hostRouter(
  gateways: readonly string[],
): (headers: IncomingHttpHeaders, authority?: string) => HostRoute {
  const names = new Set(gateways.map(name => name.toLowerCase()))
  const known = new Lru<string, HostRoute>({ max: 1000 })
  return (headers, authority) => {
    const host = effectiveHost(headers, authority)
    const seen = known.get(host)
    if (seen !== undefined) return seen
    const route = routeHost(host, names)
    known.set(host, route)
    return route
  }
}

/** A proxy in front says which name the client used; a target in absolute form beats the Host header. */
function effectiveHost(headers: IncomingHttpHeaders, authority: string | undefined): string {
  const forwarded = headers['x-forwarded-host']
  if (forwarded !== undefined) return String(forwarded).split(',', 1)[0]?.trim() ?? ''
  return authority ?? headers.host ?? ''
}

function routeHost(host: string, names: ReadonlySet<string>): HostRoute {
  if (/[^\w.:[\]-]/.test(host)) throw new CairnError('BAD_REQUEST', 'the host that was asked for is not one')
  const match = /^([^:[\]]+?)\.?(:\d+)?$/.exec(host.toLowerCase())
  if (match === null) return PATH
  const [, name = '', port = ''] = match
  const isGateway = (candidate: string) =>
    names.has(candidate + port) || names.has(candidate) || names.has(candidate.replace(/^[^.]+/, '*'))
  if (isGateway(name)) return { kind: 'gateway', host: name + port }
  const labels = name.split('.')
  for (let i = labels.length - 2; i >= 1; i--) {
    const namespace = labels[i]
    if (namespace !== 'ipfs' && namespace !== 'ipns') continue
    const gateway = labels.slice(i + 1).join('.')
    if (isGateway(gateway)) {
      return { kind: 'root', label: labels.slice(0, i).join('.'), namespace, gateway: gateway + port }
    }
  }
  return PATH
}

/** The one spelling of a root that its host has; BAD_CID if none fits into a DNS label. */
export function rootLabel(cid: CID): string {
  const v1 = toV1(cid)
  const short = v1.toString(base32)
  if (short.length <= LABEL_MAX) return short
  const shorter = v1.toString(base36)
  if (shorter.length <= LABEL_MAX) return shorter
  throw new CairnError('BAD_CID', `CID incompatible with DNS label length limit of ${LABEL_MAX}: ${short}`, {
    hint: 'open it by its path on a gateway that is reached by its IP address',
  })
}

export const schemeOf = (headers: IncomingHttpHeaders): 'http' | 'https' =>
  String(headers['x-forwarded-proto'] ?? '').toLowerCase() === 'https' ? 'https' : 'http'
