// Signed addresses at the door of the gateway: which signatures a request brings, and what one that holds is worth.

import type { IncomingMessage } from 'node:http'
import { CairnError } from '../../src/errors.ts'
import { METRICS } from '../../src/observe/metrics.ts'
import { schemeOf } from '../content/hosts.ts'
import { encodePath, encodeSegment } from '../content/names.ts'
import type { AskedRequest } from '../content/request.ts'
import type { Headers } from '../content/stream.ts'
import type { Clients } from './clients.ts'
import { faultOf, PARAMETER, parseToken, type SignedPlace } from './signature.ts'

export interface Signed {
  readonly token: string
  readonly expiresSecs: number
  /** It stands in the address, not in a cookie. */
  readonly isInAddress: boolean
}

export interface SignedUrls {
  readonly mode: 'beyond' | 'required'
  /** What holds, if anything does. NOT_SIGNED where something has to, or where what stands in the address does not. */
  check(
    request: AskedRequest,
    asked: { incoming: IncomingMessage; place: SignedPlace; host: string },
  ): Signed | undefined
}

export interface SignedUrlsOptions {
  readonly mode: 'beyond' | 'required'
  readonly keyOf: (name: string) => Uint8Array | undefined
  readonly clients: Pick<Clients, 'addressOf'>
}

/** Signatures of one request that are looked at. */
const MOST = 8

export function signedUrls({ mode, keyOf, clients }: SignedUrlsOptions): SignedUrls {
  return {
    mode,
    check: (request, { incoming, place, host }) => {
      const inAddress = request.parameters.getAll(PARAMETER).slice(0, MOST)
      const inCookies = tokensOfCookies(request.headers.cookie)
      if (inAddress.length === 0 && inCookies.length === 0) {
        if (mode === 'beyond') return undefined
        throw notSigned('this gateway serves signed addresses only')
      }
      const presented = { place, host, address: clients.addressOf(incoming), nowSecs: Date.now() / 1000 }
      let fault = ''
      for (const [at, text] of [...inAddress, ...inCookies].entries()) {
        const token = parseToken(text)
        const wrong =
          token === undefined ? 'it was cut short or changed' : faultOf(token, keyOf(token.keyName), presented)
        if (token !== undefined && wrong === undefined)
          return { token: text, expiresSecs: token.expiresSecs, isInAddress: at < inAddress.length }
        fault ||= wrong ?? ''
      }
      // A cookie is sent along wherever it fits; who writes a signature into the address means it.
      if (mode === 'beyond' && inAddress.length === 0) return undefined
      throw notSigned(`the signature of this address does not hold: ${fault}`)
    },
  }
}

function notSigned(message: string): CairnError {
  METRICS.gatewayRefused.add(1, { why: 'signature' })
  return new CairnError('NOT_SIGNED', message)
}

function tokensOfCookies(header: string | undefined): string[] {
  if (header === undefined || !header.includes(PARAMETER)) return []
  const pairs = header.split(';').map(pair => pair.trim())
  return pairs
    .filter(pair => pair.startsWith(`${PARAMETER}-`))
    .map(pair => pair.slice(pair.indexOf('=') + 1))
    .slice(0, MOST)
}

/** A person who opens the page: then the signature moves into a cookie, out of the reach of what the page runs and links to. */
export const isVisit = ({ headers }: AskedRequest): boolean =>
  headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'

/** To the same place without the signature; everything below it is open to this browser from now on. */
export function cleanAddress(
  request: AskedRequest,
  { token, expiresSecs }: Signed,
): { location: string; headers: Headers } {
  const query = withoutSignature(request.query)
  const path = request.site.kind === 'path' ? `/${request.namespace}/${encodeSegment(request.rootText)}` : '/'
  const lifeSecs = Math.max(0, Math.floor(expiresSecs - Date.now() / 1000))
  const cookie = [
    `${PARAMETER}-${token.slice(-8)}=${token}`,
    `Path=${path}`,
    `Max-Age=${lifeSecs}`,
    'HttpOnly',
    'SameSite=Lax',
    ...(schemeOf(request.headers) === 'https' ? ['Secure'] : []),
  ]
  return {
    location: request.clientPath + (query === '' ? '' : `?${query}`),
    headers: { 'Set-Cookie': cookie.join('; '), 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' },
  }
}

/** For whoever must not learn it: other hosts, logs. */
export function withoutSignature(query: string): string {
  if (!query.includes('=')) return query
  return query
    .split('&')
    .filter(part => nameOf(part) !== PARAMETER)
    .join('&')
}

function nameOf(part: string): string {
  const name = part.split('=', 1)[0] ?? ''
  return name.includes('%') || name.includes('+') ? (new URLSearchParams(`${name}=`).keys().next().value ?? '') : name
}

/** What was given to one visitor is nobody else's, and for no longer than the signature holds. */
export function keepPrivate(head: Headers, expiresSecs: number): void {
  const lifeSecs = Math.max(0, Math.floor(expiresSecs - Date.now() / 1000))
  const [, maxAge] = /max-age=(\d+)/.exec(String(head['Cache-Control'] ?? '')) ?? []
  const isStored = !/no-store/.test(String(head['Cache-Control'] ?? ''))
  if (isStored) head['Cache-Control'] = `private, max-age=${Math.min(Number(maxAge ?? 0), lifeSecs)}`
  head.Vary = head.Vary === undefined ? 'Cookie' : `${head.Vary}, Cookie`
  head['Referrer-Policy'] = 'no-referrer'
}

/** The place of a request, as it is signed: one spelling for all hosts. */
export const signedPlace = (request: Pick<AskedRequest, 'namespace' | 'segments'>, root: string): SignedPlace => ({
  namespace: request.namespace,
  root,
  segments: request.segments,
})

export const placeText = ({ namespace, root, segments }: SignedPlace): string =>
  `/${namespace}/${root}${encodePath(segments)}`
