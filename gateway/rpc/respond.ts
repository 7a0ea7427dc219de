// Writing replies: JSON documents, object streams, bytes, errors; and breaking off when it fails after the head (spec: kubo-rpc §1.4-1.6).

import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { CairnError } from '../../src/errors.ts'
import { METRICS } from '../../src/observe/metrics.ts'
import type { Reply } from './command.ts'
import { KUBO_AGENT } from './compat.ts'
import { goJson } from './go-json.ts'
import { write } from './write.ts'

export interface Http {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly cors: OutgoingHttpHeaders
}

const STREAM_HEADERS = 'X-Stream-Output, X-Chunked-Output, X-Content-Length'
/** Documents gathered into one write, while they come without waiting. */
const GATHER_CHARS = 32 * 1024

export async function sendReply(http: Http, reply: Reply, signal: AbortSignal): Promise<void> {
  switch (reply.kind) {
    case 'value':
      head(http, 200, { 'Content-Type': 'application/json' }).end(`${goJson(reply.value)}\n`)
      return
    case 'encoded':
      head(http, 200, { 'Content-Type': reply.type }).end(reply.body)
      return
    case 'nothing':
      head(http, 200, { 'Content-Type': 'application/json', 'X-Chunked-Output': '1' }).end()
      return
    case 'values':
      return sendDocuments(http, reply.values, signal)
    case 'bytes':
      return sendBytes(http, reply, signal)
  }
}

/** Nothing is sent before the first document is there: until then a failure can still be a status. */
async function sendDocuments(http: Http, values: AsyncIterable<unknown>, signal: AbortSignal): Promise<void> {
  let outgoing: ServerResponse | undefined
  let gathered = ''
  let flushing: NodeJS.Immediate | undefined
  const begin = () => head(http, 200, { 'Content-Type': 'application/json', 'X-Chunked-Output': '1' })
  const flush = () => {
    flushing = undefined
    if (gathered !== '') outgoing?.write(gathered)
    gathered = ''
  }
  try {
    for await (const document of values) {
      outgoing ??= begin()
      gathered += `${goJson(document)}\n`
      flushing ??= setImmediate(flush)
      if (gathered.length < GATHER_CHARS && !outgoing.writableNeedDrain) continue
      const lines = gathered
      gathered = ''
      await write(outgoing, lines, signal)
    }
    outgoing ??= begin()
    outgoing.end(gathered)
  } finally {
    clearImmediate(flushing)
    if (outgoing !== undefined && !outgoing.writableEnded) flush()
  }
}

async function sendBytes(
  http: Http,
  { type, length, content }: Reply & { kind: 'bytes' },
  signal: AbortSignal,
): Promise<void> {
  if (length !== undefined) http.outgoing.setHeader('X-Content-Length', length)
  let outgoing: ServerResponse | undefined
  const begin = () => head(http, 200, { 'Content-Type': type, 'X-Stream-Output': '1' })
  for await (const chunk of content) {
    outgoing ??= begin()
    if (chunk.byteLength > 0) await write(outgoing, chunk, signal)
  }
  outgoing ??= begin()
  outgoing.end()
}

/** The failure of a command. After the head only a broken connection tells every client: many see no trailers. */
export function sendError({ incoming, outgoing, cors }: Http, message: string, { code, hint }: CairnError): void {
  const document = `${goJson({ Message: message, Code: 0, Type: 'error' })}\n`
  if (outgoing.headersSent) {
    breakOff(outgoing, document)
    return
  }
  if (!incoming.complete) outgoing.setHeader('Connection', 'close')
  // Kubo's clients know texts only; ours is told the code, and what to do.
  const own = { 'X-Cairn-Code': code, 'X-Cairn-Hint': encodeURIComponent(hint) }
  head({ incoming, outgoing, cors }, 500, { 'Content-Type': 'application/json', ...own }).end(document)
}

/** Object streams get the error as a last line; bytes must not: it would look like content. */
function breakOff(outgoing: ServerResponse, document: string): void {
  METRICS.httpAborted.add(1, { listener: 'api' })
  const cut = () => outgoing.socket?.destroySoon()
  const isStream = !outgoing.writableEnded && outgoing.getHeader('X-Chunked-Output') !== undefined
  // To HTTP/1.0 an end after what was written would be a proper one.
  if (!isStream && outgoing.req.httpVersionMinor === 0) outgoing.destroy()
  else if (!isStream) cut()
  else outgoing.write(document, cut)
}

/** Errors before a command runs: plain text that no browser takes for anything else. */
export function sendText(
  { incoming, outgoing, cors }: Http,
  status: number,
  body: string,
  more: OutgoingHttpHeaders = {},
): void {
  if (!incoming.complete) outgoing.setHeader('Connection', 'close')
  outgoing.writeHead(status, {
    ...cors,
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    ...more,
  })
  outgoing.end(`${body}\n`)
}

export function sendEmpty({ outgoing }: Http, headers: OutgoingHttpHeaders): void {
  outgoing.writeHead(204, headers)
  outgoing.end()
}

function head({ incoming, outgoing, cors }: Http, status: number, headers: OutgoingHttpHeaders): ServerResponse {
  for (const [name, value] of Object.entries({ ...cors, ...headers })) outgoing.setHeader(name, value ?? '')
  outgoing.setHeader('Server', KUBO_AGENT)
  // Announcing a trailer also makes the body chunked; HTTP/1.0 knows neither.
  if (incoming.httpVersionMinor > 0) outgoing.setHeader('Trailer', 'X-Stream-Error')
  outgoing.setHeader('Access-Control-Allow-Headers', STREAM_HEADERS)
  outgoing.setHeader('Access-Control-Expose-Headers', STREAM_HEADERS)
  outgoing.writeHead(status)
  return outgoing
}
