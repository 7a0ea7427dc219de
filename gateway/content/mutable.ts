// Names on their way to content: hosts that are sites by DNSLink, and `/ipns/` paths as what they lead to now (spec: gateway §1.2, §2.16, §2.17).

import type { IncomingHttpHeaders } from 'node:http'
import type { NamesApi } from '../../src/api/names.ts'
import { isCairnError } from '../../src/errors.ts'
import type { HostRoute } from './hosts.ts'
import { isOnlyIfCached, notHere } from './local.ts'
import type { AskedRequest, ContentRequest, Target } from './request.ts'
import { type DnslinkSite, isNamespacePath } from './route.ts'
import type { Waiting } from './wait.ts'

/** The site of a DNSLink where the host has one; a configured gateway serves its own paths first. */
export async function siteOf(
  names: NamesApi,
  host: Extract<HostRoute, { kind: 'named' | 'gateway' }>,
  { headers, wait }: { headers: IncomingHttpHeaders; wait: Pick<Waiting, 'signal'> },
): Promise<DnslinkSite | undefined> {
  const { name, rules } = host
  if (!rules.hasDnslink || !name.includes('.')) return undefined
  const isSite = await names.hasDnslink(name, { signal: wait.signal, localOnly: isOnlyIfCached(headers) })
  return isSite ? { kind: 'dnslink', host: host.host, name, rules } : undefined
}

/** Whether a look-up decides where a request belongs: most are answered without one. */
export function maySite(host: HostRoute, target: Target): host is Extract<HostRoute, { kind: 'named' | 'gateway' }> {
  return host.kind === 'named' || (host.kind === 'gateway' && !isNamespacePath(target, host.rules))
}

/** The same request, for what the name leads to now; the path below the name comes behind. */
export async function followName(
  names: NamesApi,
  { name, request }: { name: string; request: AskedRequest },
  { signal }: Pick<Waiting, 'signal'>,
): Promise<ContentRequest> {
  const localOnly = isOnlyIfCached(request.headers)
  try {
    const { path, ttlSecs } = await names.resolve(name, { signal, localOnly })
    const segments = [...path.segments, ...request.segments]
    return { ...request, path: { root: path.root, segments }, lifetime: { ttlSecs } }
  } catch (cause) {
    if (localOnly && isCairnError(cause, 'NAME_NOT_FOUND')) throw notHere(request.contentPath, cause)
    throw cause
  }
}
