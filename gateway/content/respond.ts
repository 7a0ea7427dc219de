// What every content answer shares: the headers that name the content, then conditions and ranges over one representation.

import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Resolved } from '../../src/api/content.ts'
import { CairnError } from '../../src/errors.ts'
import { HttpError } from '../errors.ts'
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
  const { outgoing, request } = exchange
  const verdict = checkConditions(request.headers, representation)
  if (verdict === 'failed') {
    throw new CairnError('PRECONDITION_FAILED', `the entity tag here is ${representation.etag}`)
  }
  if (verdict === 'not-modified') {
    outgoing.writeHead(304, notModifiedHeaders(representation)).end()
    return
  }
  const { sizeBytes, modifiedSecs, hasRanges = false } = representation
  const head: Headers = { ...CORS, Etag: representation.etag, ...representation.headers }
  if (modifiedSecs !== undefined) head['Last-Modified'] = new Date(modifiedSecs * 1000).toUTCString()
  if (hasRanges) head['Accept-Ranges'] = 'bytes'
  const ranges = hasRanges && sizeBytes !== undefined ? rangesOf(request, representation, sizeBytes) : undefined
  if (ranges !== undefined && sizeBytes !== undefined) {
    return sendRanges(exchange, { head, representation, ranges, sizeBytes })
  }
  head['Content-Type'] = await representation.type(undefined)
  const open = (reuses: boolean) => representation.read(undefined, reuses)
  const { atHand, isLive } = representation
  return send(exchange, { status: 200, head, sizeBytes, atHand, isLive, open })
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
