// HTTP requests to addresses that others chose: resolved first, looked at, then dialled as they were found (no SSRF).

import { lookup as lookupAll } from 'node:dns'
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import type { Wait } from '../block/source.ts'
import { CairnError, isCairnError } from '../errors.ts'

export interface OutboundOptions extends Wait {
  readonly accept: string
  readonly maxBytes: number
  /** Lets loopback, link-local and private addresses pass. */
  readonly allowPrivate: boolean
  readonly headers?: Readonly<Record<string, string>>
  /** Takes the body of a 200 as it comes, in place of `body`; a chunk at a time. */
  readonly sink?: (chunk: Uint8Array) => void
}

export interface OutboundAnswer {
  readonly status: number
  readonly type: string
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
}

/** One GET; redirects are answers like others. UNREACHABLE, TIMEOUT, FORBIDDEN (the address is not to be asked), LIMIT. */
export async function getSafely(url: URL, options: OutboundOptions): Promise<OutboundAnswer> {
  const { accept, allowPrivate, signal } = options
  const request = requestOf(url)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!allowPrivate && isIP(host) !== 0) refusePrivate(host, host)
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const init: RequestOptions = {
    signal,
    agent: false,
    headers: { ...options.headers, accept },
    lookup: guardedLookup(allowPrivate),
  }
  request(url, init, resolve).on('error', reject).end()
  try {
    const incoming = await promise
    const status = incoming.statusCode ?? 0
    const known = { status, type: mediaType(incoming), headers: incoming.headers }
    return { ...known, body: await readBody(incoming, url, status === 200 ? options : { ...options, sink: undefined }) }
  } catch (error) {
    if (isCairnError(error)) throw error
    signal.throwIfAborted()
    const known = findCairnError(error)
    throw known ?? new CairnError('UNREACHABLE', `${url.host}: ${(error as Error).message}`, { cause: error })
  }
}

function requestOf(url: URL): typeof httpsRequest {
  if (url.protocol === 'https:') return httpsRequest
  if (url.protocol === 'http:') return httpRequest
  throw new CairnError('FORBIDDEN', `${url.protocol} addresses are not asked`)
}

/** The connection goes to an address that was looked at: a second lookup could give another. */
const guardedLookup =
  (allowPrivate: boolean): LookupFunction =>
  (host, options, callback) => {
    lookupAll(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '')
        return
      }
      const open = allowPrivate ? addresses : addresses.filter(({ address }) => !isPrivateAddress(address))
      const [first] = open
      if (first === undefined) callback(privateError(host, addresses[0]?.address ?? 'nothing'), '')
      else if (options.all === true) callback(null, open)
      else callback(null, first.address, first.family)
    })
  }

function refusePrivate(host: string, address: string): void {
  if (isPrivateAddress(address)) throw privateError(host, address)
}

const privateError = (host: string, address: string): CairnError =>
  new CairnError('FORBIDDEN', `${host} is at ${address}, which is no public address`, {
    hint: 'if it is meant to be asked: dnslink.allowPrivate',
  })

/** Node wraps what a lookup gave it. */
function findCairnError(error: unknown): CairnError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (isCairnError(at)) return at
    const inner = at instanceof AggregateError ? at.errors.find(each => isCairnError(each)) : undefined
    if (inner !== undefined) return inner
  }
  return undefined
}

async function readBody(
  incoming: IncomingMessage,
  url: URL,
  { maxBytes, sink }: Pick<OutboundOptions, 'maxBytes'> & { readonly sink?: OutboundOptions['sink'] | undefined },
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    // Leaving the loop destroys the connection.
    if (bytes > maxBytes) throw new CairnError('LIMIT', `${url.host} answers with more than ${maxBytes} bytes`)
    if (sink === undefined) chunks.push(chunk)
    else sink(chunk)
  }
  return Buffer.concat(chunks)
}

const mediaType = ({ headers }: IncomingMessage): string =>
  (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

const V4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const

/** Global unicast is 2000::/3; of that, these lead back into IPv4 or to nobody. */
const V6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const

const privateV4 = new BlockList()
for (const [net, prefix] of V4) privateV4.addSubnet(net, prefix, 'ipv4')
const privateV6 = new BlockList()
for (const [net, prefix] of V6) privateV6.addSubnet(net, prefix, 'ipv6')
const globalV6 = new BlockList()
globalV6.addSubnet('2000::', 3, 'ipv6')

/** Everything that is not reachable for all: loopback, private, link-local (cloud metadata), CGNAT, multicast, tunnels. */
export function isPrivateAddress(address: string): boolean {
  if (isIP(address) === 4) return privateV4.check(address, 'ipv4')
  return !globalV6.check(address, 'ipv6') || privateV6.check(address, 'ipv6')
}
