// Signed IPNS records by /routing/v1/ipns: given as they are stored, and taken where the operator allows it (spec: gateway §2.23).

import type { IncomingMessage } from 'node:http'
import type { NameRecord } from '../../src/api/names.ts'
import { CairnError, isCairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { parseKey } from '../../src/names/name.ts'
import { checkConditions } from '../content/conditional.ts'
import { recordTag } from '../content/formats/ipns-record.ts'
import { mediaTypeOf } from '../content/negotiate.ts'
import { type Asked, cacheFor, ROUTING_CORS } from './request.ts'

const RECORD_TYPE = mediaTypeOf('ipns-record')

export async function getRecord({ node, incoming, outgoing, isHead, wait }: Asked, text: string): Promise<void> {
  const { accept } = incoming.headers
  if (accept !== undefined && !accept.includes(RECORD_TYPE) && !accept.includes('*/*'))
    throw new CairnError('NOT_ACCEPTABLE', `records are told as ${RECORD_TYPE}`)
  const { text: name } = parseKey(text)
  let record: NameRecord
  try {
    record = await node.names.record(name, { signal: wait.signal })
  } catch (error) {
    // What has ended or cannot be believed is no record either; that there is none is an answer (IPIP-0513).
    if (!isCairnError(error, 'NAME_NOT_FOUND') && !isCairnError(error, 'BAD_RECORD')) throw error
    const body = `${error.message}\n`
    outgoing.writeHead(200, {
      ...ROUTING_CORS,
      'Content-Type': 'text/plain; charset=utf-8',
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': cacheFor(15),
      Vary: 'Accept',
      'Content-Length': Buffer.byteLength(body),
    })
    outgoing.end(isHead ? undefined : body)
    return
  }
  const leftSecs = Math.max(0, Math.floor((record.validUntilMs - Date.now()) / 1000))
  const maxAgeSecs = Math.min(Math.floor(record.ttlSecs), leftSecs)
  const etag = recordTag(record)
  const head = {
    ...ROUTING_CORS,
    Etag: etag,
    'Cache-Control': leftSecs === 0 ? 'no-store' : cacheFor(maxAgeSecs, leftSecs - maxAgeSecs),
    Expires: httpTime(record.validUntilMs),
    Vary: 'Accept',
  }
  if (checkConditions(incoming.headers, { etag }) === 'not-modified') {
    outgoing.writeHead(304, head).end()
    return
  }
  outgoing.writeHead(200, {
    ...head,
    'Last-Modified': new Date().toUTCString(),
    'Content-Type': RECORD_TYPE,
    'Content-Disposition': `attachment; filename="${name}.ipns-record"`,
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': record.bytes.byteLength,
  })
  outgoing.end(isHead ? undefined : record.bytes)
}

/** Resolves when it is durable here; it is told to those who ask this node, and sent to nobody. */
export async function putRecord({ node, incoming, outgoing, wait }: Asked, text: string): Promise<void> {
  if (!incoming.headers['content-type']?.toLowerCase().includes(RECORD_TYPE))
    throw new CairnError('NOT_ACCEPTABLE', `a record is sent as ${RECORD_TYPE}`)
  const { text: name } = parseKey(text)
  const bytes = await readBody(incoming)
  try {
    await node.names.put(name, bytes, { signal: wait.signal })
  } catch (cause) {
    if (!isCairnError(cause, 'BAD_RECORD')) throw cause
    throw new CairnError('BAD_REQUEST', cause.message, { cause })
  }
  outgoing.writeHead(200, { ...ROUTING_CORS, 'Content-Length': 0 }).end()
}

async function readBody(incoming: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > LIMITS.recordBytes.value)
      throw new CairnError('BAD_REQUEST', `a record has at most ${LIMITS.recordBytes.value} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Ends beyond what a date of HTTP can say are as good as never. */
const LAST_MS = Date.UTC(9999, 11, 31)
const httpTime = (ms: number): string => new Date(Math.min(ms, LAST_MS)).toUTCString()
