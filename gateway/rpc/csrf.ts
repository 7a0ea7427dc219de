// Which web pages may call the API: origins, referers, browsers without either, and CORS preflight (spec: kubo-rpc §1.2).

import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'

/** Origins of the Companion browser extension and its beta. */
const EXTENSIONS = [
  'chrome-extension://nibjojkomfdiaoajekhjakgkdhaomnch',
  'chrome-extension://hjoieblefckbooibpepigmacodalfndh',
]
const METHODS = new Set(['PUT', 'POST', 'GET'])
const HEADERS = new Set(['origin', 'accept', 'content-type', 'x-requested-with'])

/** Pages served by this very listener, under each name of loopback, and the extension. */
export function isAllowedOrigin(origin: string, port: number): boolean {
  if (EXTENSIONS.includes(origin)) return true
  const match = /^https?:\/\/(?:127\.0\.0\.1|\[::1\]|localhost):(\d+)$/.exec(origin)
  return match !== null && Number(match[1]) === port
}

/** Whether this request may come from a page that is none of ours. */
export function isForeign(headers: IncomingHttpHeaders, port: number): boolean {
  const { origin, referer } = headers
  if (origin !== undefined && !isAllowedOrigin(origin, port)) return true
  if (referer !== undefined && !isAllowedOrigin(originOf(referer), port)) return true
  // Old browsers leave Origin out of some form posts.
  const agent = headers['user-agent'] ?? ''
  return origin === undefined && referer === undefined && agent.startsWith('Mozilla') && !agent.includes('Electron')
}

function originOf(referer: string): string {
  if (!URL.canParse(referer)) return ''
  const { protocol, host } = new URL(referer)
  return `${protocol}//${host}`
}

export const isPreflight = (method: string, headers: IncomingHttpHeaders): boolean =>
  method === 'OPTIONS' && headers['access-control-request-method'] !== undefined

/** Headers of the answer to a preflight: nothing is granted unless origin, method and headers all are. */
export function preflightHeaders(headers: IncomingHttpHeaders, port: number): OutgoingHttpHeaders {
  const vary = { Vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers' }
  const { origin = '' } = headers
  const method = String(headers['access-control-request-method'])
  const wanted = headers['access-control-request-headers']
  const known = (wanted ?? '').split(',').every(name => name.trim() === '' || HEADERS.has(name.trim().toLowerCase()))
  if (!isAllowedOrigin(origin, port) || !METHODS.has(method) || !known) return vary
  return {
    ...vary,
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Methods': method,
    ...(wanted === undefined ? {} : { 'Access-Control-Allow-Headers': wanted }),
  }
}

/** The CORS part of any other answer, errors included: without it a page cannot even read why. */
export function corsHeaders(headers: IncomingHttpHeaders, method: string, port: number): OutgoingHttpHeaders {
  const { origin } = headers
  const granted = origin !== undefined && isAllowedOrigin(origin, port) && (METHODS.has(method) || method === 'OPTIONS')
  return { Vary: 'Origin', ...(granted ? { 'Access-Control-Allow-Origin': origin } : {}) }
}
