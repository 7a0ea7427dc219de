// What every content answer shares: the headers that name the content, then conditions and ranges over one representation.

import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Resolved } from '../../src/api/content.ts'
import { CairnError } from '../../src/errors.ts'
import { HttpError } from '../errors.ts'
import { type Caps, countedBytes, refuseLarge, refuseRange } from '../safety/caps.ts'
import { sandboxFor } from '../safety/sandbox.ts'
import { keepPrivate } from '../safety/signed.ts'
import { checkConditions, rangeApplies, type Validators } from './conditional.ts'
import { type ByteRange, chooseRanges, contentRange, multipart } from './ranges.ts'
import type { AskedRequest, ContentRequest } from './request.ts'
import { type Headers, send } from './stream.ts'
import type { Waiting } from './wait.ts'

export const CORS: Headers = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS',
  'Access-Control-Allow-Headers': 'Content-Type, Range, User-Agent, X-Requested-With',
  'Access-Control-Expose-Headers':
    'Content-Length, Content-Location, Content-Range, Etag, X-Chunked-Output, X-Ipfs-Path, X-Ipfs-Roots, X-Stream-Output',
}

/** One request on its way to its answer; `Request` is less than a ContentRequest where nothing was resolved. */
export interface Exchange<Request extends AskedRequest = ContentRequest> {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly request: Request
  readonly wait: Waiting
  /** Undefined where no rule could change an answer. */
  readonly policy?: AnswerPolicy | undefined
}

/** What the rules of a public gateway do to answers. */
export interface AnswerPolicy {
  readonly caps: Caps | undefined
  /** Pages that share their origin run as nobody. */
  readonly hasSandbox: boolean
  /** Seconds since the epoch, where a signature gave what is answered. */
  readonly privateUntilSecs?: number
}

/** What could be sent: everything that decides the head, and the bytes when they are wanted. */
export interface Representation extends Validators {
  /** Cache-Control, Content-Disposition and the headers that name the content. */
  readonly headers: Headers
  /** Told which bytes are wanted, since the type of a file may have to be read from its first ones. */
  type(range: ByteRange | undefined): string | Promise<string>
  /** Undefined if only the end of the body will tell. */
  readonly sizeBytes?: number
  /** Only with `sizeBytes`. */
  readonly hasRanges?: boolean
  /** All of it, if it is in memory already. */
  readonly atHand?: () => Uint8Array | undefined
  /** Each chunk is worth sending at once: the next may take its time. */
  readonly isLive?: boolean
  /** With `reuses` a chunk may be overwritten when the next is asked for. */
  read(range: ByteRange | undefined, reuses: boolean): AsyncIterable<Uint8Array>
}

/** Where the content was asked for, and the CIDs on the way to it. */
export function contentHeaders(request: ContentRequest, resolved: Resolved): Headers {
  const headers: Headers = { 'X-Ipfs-Path': request.contentPath, 'X-Ipfs-Roots': rootsHeader(resolved) }
  if (!request.parameters.has('format')) headers.Vary = 'Accept'
  return headers
}

/** Resolved paths are remembered by the node, so their texts are worth keeping with them. */
const knownRoots = new WeakMap<Resolved, string>()

function rootsHeader(resolved: Resolved): string {
  let text = knownRoots.get(resolved)
  if (text === undefined) {
    text = resolved.roots.join(',')
    knownRoots.set(resolved, text)
  }
  return text
}

export async function answer(exchange: Exchange<AskedRequest>, representation: Representation): Promise<void> {
  const { outgoing, request, policy } = exchange
  if (policy?.caps !== undefined) enforceCaps(policy.caps, request, representation)
  const verdict = checkConditions(request.headers, representation)
  if (verdict === 'failed') {
    throw new CairnError('PRECONDITION_FAILED', `the entity tag here is ${representation.etag}`)
  }
  if (verdict === 'not-modified') {
    const kept = notModifiedHeaders(representation)
    if (policy?.privateUntilSecs !== undefined) keepPrivate(kept, policy.privateUntilSecs)
    outgoing.writeHead(304, kept).end()
    return
  }
  const { sizeBytes, modifiedSecs, hasRanges = false } = representation
  const head: Headers = { ...CORS, Etag: representation.etag, ...representation.headers }
  if (modifiedSecs !== undefined) head['Last-Modified'] = new Date(modifiedSecs * 1000).toUTCString()
  if (hasRanges) head['Accept-Ranges'] = 'bytes'
  if (policy?.privateUntilSecs !== undefined) keepPrivate(head, policy.privateUntilSecs)
  const ranges = hasRanges && sizeBytes !== undefined ? rangesOf(request, representation, sizeBytes) : undefined
  if (ranges !== undefined && sizeBytes !== undefined) {
    return sendRanges(exchange, { head, representation, ranges, sizeBytes })
  }
  const type = await representation.type(undefined)
  head['Content-Type'] = type
  if (policy?.hasSandbox === true && request.site.kind === 'path') guardOrigin(head, type)
  const open = openOf(representation, sizeBytes === undefined ? policy?.caps : undefined)
  const { atHand, isLive } = representation
  return send(exchange, { status: 200, head, sizeBytes, atHand, isLive, open })
}

function enforceCaps(caps: Caps, request: AskedRequest, { sizeBytes, hasRanges = false }: Representation): void {
  if (sizeBytes === undefined) return
  refuseLarge(caps, sizeBytes, 'this content')
  if (hasRanges && request.headers.range !== undefined) refuseRange(caps, sizeBytes)
}

/** Our own pages have a policy of their own. */
function guardOrigin(head: Headers, type: string): void {
  const policy = head['Content-Security-Policy'] === undefined ? sandboxFor(type) : undefined
  if (policy !== undefined) head['Content-Security-Policy'] = policy
}

/** Where no length is known the bytes are counted. */
function openOf(
  representation: Representation,
  caps: Caps | undefined,
): (reuses: boolean) => AsyncIterable<Uint8Array> {
  if (caps === undefined || caps.maxBytes === 0) return reuses => representation.read(undefined, reuses)
  return reuses => countedBytes(representation.read(undefined, reuses), caps)
}

/** RFC 9110 §15.4.5: what a 200 would have said about the cached copy, nothing about a body. */
function notModifiedHeaders({ etag, headers }: Representation): Headers {
  const kept: Headers = { ...CORS, Etag: etag }
  for (const name of ['Cache-Control', 'Content-Location', 'Vary', 'X-Ipfs-Path', 'X-Ipfs-Roots']) {
    const value = headers[name]
    if (value !== undefined) kept[name] = value
  }
  return kept
}

/** Undefined means all of it. */
function rangesOf(
  request: AskedRequest,
  representation: Representation,
  sizeBytes: number,
): readonly ByteRange[] | undefined {
  const { range } = request.headers
  if (range === undefined || !rangeApplies(request.headers, representation)) return undefined
  const ranges = chooseRanges(range, sizeBytes)
  if (ranges === 'whole') return undefined
  if (ranges !== 'unsatisfiable') return ranges
  const headers = { 'Content-Range': `bytes */${sizeBytes}` }
  throw new HttpError('BAD_RANGE', `no byte of that range exists: there are ${sizeBytes}`, { headers })
}

async function sendRanges(
  exchange: Exchange<AskedRequest>,
  {
    head,
    representation,
    ranges,
    sizeBytes,
  }: { head: Headers; representation: Representation; ranges: readonly ByteRange[]; sizeBytes: number },
): Promise<void> {
  const type = await representation.type(ranges.find(range => range.offset === 0) ?? ranges[0])
  const { policy, request } = exchange
  if (policy?.hasSandbox === true && request.site.kind === 'path') guardOrigin(head, type)
  const [range] = ranges
  if (range !== undefined && ranges.length === 1) {
    head['Content-Type'] = type
    head['Content-Range'] = contentRange(range, sizeBytes)
    const open = (reuses: boolean) => representation.read(range, reuses)
    return send(exchange, { status: 206, head, sizeBytes: range.length, open })
  }
  const parts = multipart(ranges, { type, sizeBytes, boundary: randomBytes(12).toString('hex') })
  head['Content-Type'] = parts.contentType
  const open = () => parts.body(part => representation.read(part, false))
  return send(exchange, { status: 206, head, sizeBytes: parts.sizeBytes, open })
}

export function redirect(
  outgoing: ServerResponse,
  { status, location, headers }: { status: number; location: string; headers?: Headers },
): void {
  outgoing.writeHead(status, { ...CORS, ...headers, Location: location, 'Content-Length': 0 }).end()
}
