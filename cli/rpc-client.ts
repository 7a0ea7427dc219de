// HTTP to the daemon's API: one call, its answer whole or by lines. By node:http, which loads faster than fetch.

import { Agent, type IncomingMessage, request } from 'node:http'
import { CairnError, ERRORS, type ErrorCode } from '../src/errors.ts'
import type { Endpoint } from './endpoint.ts'

/** Reading asks for many blocks at a time. */
const agent = new Agent({ keepAlive: true, maxSockets: 32 })

export interface RpcOptions {
  readonly query: readonly (readonly [string, string])[]
  readonly signal: AbortSignal
}

export interface Answer {
  readonly message: IncomingMessage
  /** Of the call: an answer that ends with it was not broken off by the daemon. */
  readonly signal: AbortSignal
}

/** Calls `path` below /api/v0; the answer's head says success, or this throws what the daemon said. */
export async function rpc(endpoint: Endpoint, path: string, { query, signal }: RpcOptions): Promise<Answer> {
  const search = new URLSearchParams(query as [string, string][])
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const call = request({ ...endpoint, agent, method: 'POST', path: `/api/v0/${path}?${search}`, signal }, resolve)
    call.once('error', cause => {
      reject(
        signal.aborted
          ? signal.reason
          : new CairnError('NO_DAEMON', `the daemon did not answer: ${cause.message}`, { cause }),
      )
    })
    call.end()
  })
  const answer = { message, signal }
  if (message.statusCode === 200) return answer
  throw await refusal(answer, path)
}

/** Kubo's error document carries a text alone; a Cairn also names its error code. */
async function refusal(answer: Answer, path: string): Promise<CairnError> {
  const body = new TextDecoder().decode(await readWhole(answer, 64 * 1024))
  const { headers, statusCode } = answer.message
  const said = String(headers['x-cairn-code'] ?? '')
  const code: ErrorCode = Object.hasOwn(ERRORS, said) ? (said as ErrorCode) : 'UNREACHABLE'
  const message = messageIn(body) || `the daemon answered ${path} with status ${statusCode}`
  const hint = decodeHint(String(headers['x-cairn-hint'] ?? ''))
  return new CairnError(code, message, hint === '' ? {} : { hint })
}

/** What is no hint of ours is none. */
function decodeHint(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

function messageIn(body: string): string {
  try {
    return String((JSON.parse(body) as { Message?: unknown }).Message ?? '')
  } catch {
    return body.trim().slice(0, 500)
  }
}

/** UNREACHABLE if the answer is cut off, LIMIT if it is longer than it may be. */
export async function readWhole(answer: Answer, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of bodyOf(answer)) {
    size += chunk.byteLength
    if (size > maxBytes) throw new CairnError('LIMIT', `the daemon's answer is longer than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
}

/** The answer line by line, as they come. */
export async function* readLines(answer: Answer): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of bodyOf(answer)) {
    text += decoder.decode(chunk, { stream: true })
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    yield* lines.filter(line => line !== '')
  }
  if (text !== '') yield text
}

async function* bodyOf({ message, signal }: Answer): AsyncGenerator<Uint8Array> {
  try {
    yield* message as AsyncIterable<Uint8Array>
  } catch (cause) {
    signal.throwIfAborted()
    throw new CairnError('UNREACHABLE', 'the daemon broke off its answer', { cause })
  }
}
