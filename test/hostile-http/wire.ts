// HTTP byte for byte: what is sent is written out, what comes back is taken apart by the rules of RFC 9112 and nothing else.

import { connect, type Socket } from 'node:net'

export interface WireAnswer {
  readonly status: number
  readonly head: string
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
  /** Whether the body ended as its head said it would. */
  readonly isWhole: boolean
}

export interface Conversation {
  /** In the order they came; those with a 1xx status stand for themselves. */
  readonly answers: readonly WireAnswer[]
  /** Bytes behind the last answer that are no answer. */
  readonly rest: Buffer
  readonly isClosed: boolean
}

export interface TalkOptions {
  /** Once so many final answers are there `more` is sent, once; or else the conversation is over. */
  readonly after?: number
  readonly more?: string
  /** Answers to HEAD have no body whatever their head says. */
  readonly isHead?: boolean
  /** A server that neither speaks nor closes for so long is given up. */
  readonly quietMs?: number
}

/** The pieces go out one after the other, each when the one before has left; listens to the end of the connection. */
export async function talk(
  port: number,
  pieces: string | Uint8Array | readonly (string | Uint8Array)[],
  { after = Number.POSITIVE_INFINITY, more, isHead = false, quietMs = 20_000 }: TalkOptions = {},
): Promise<Conversation> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const chunks: Buffer[] = []
  let wanted = after
  let rest = more
  const closed = new Promise<boolean>(resolve => {
    let timer = setTimeout(resolve, quietMs, false)
    socket.on('data', chunk => {
      chunks.push(chunk)
      clearTimeout(timer)
      timer = setTimeout(resolve, quietMs, false)
      if (wanted === Number.POSITIVE_INFINITY) return
      const { answers } = takeApart(Buffer.concat(chunks), false, isHead)
      const final = answers.filter(({ status, isWhole }) => status >= 200 && isWhole)
      if (final.length < wanted) return
      if (rest === undefined) {
        clearTimeout(timer)
        resolve(false)
      } else socket.write(rest)
      wanted++
      rest = undefined
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(true)
    })
  })
  const list = typeof pieces === 'string' || pieces instanceof Uint8Array ? [pieces] : pieces
  for (const piece of list) await sent(socket, typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)
  const isClosed = await closed
  socket.destroy()
  return { ...takeApart(Buffer.concat(chunks), isClosed, isHead), isClosed }
}

const sent = (socket: Socket, piece: Uint8Array): Promise<void> =>
  new Promise(resolve => {
    if (socket.destroyed) resolve()
    else socket.write(piece, () => setImmediate(resolve))
  })

export function takeApart(bytes: Buffer, isClosed: boolean, isHead = false): Omit<Conversation, 'isClosed'> {
  const answers: WireAnswer[] = []
  let at = 0
  for (;;) {
    const end = bytes.indexOf('\r\n\r\n', at)
    if (end === -1 || !bytes.subarray(at, at + 7).equals(HTTP)) return { answers, rest: bytes.subarray(at) }
    const head = bytes.subarray(at, end).toString('latin1')
    const [statusLine = '', ...lines] = head.split('\r\n')
    const status = Number(statusLine.split(' ')[1] ?? 0)
    const headers = new Map<string, string>()
    for (const line of lines) {
      const colon = line.indexOf(':')
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
    }
    const isTunnel = statusLine.endsWith('Connection established')
    const hasBody = !isHead && !isTunnel && status >= 200 && status !== 204 && status !== 304
    const { body, next, isWhole } = hasBody
      ? bodyOf(bytes, end + 4, headers, isClosed)
      : { body: NOTHING, next: end + 4, isWhole: true }
    answers.push({ status, head, headers, body, isWhole })
    at = next
  }
}

const HTTP = Buffer.from('HTTP/1.')
const NOTHING = Buffer.alloc(0)

interface Body {
  readonly body: Buffer
  readonly next: number
  readonly isWhole: boolean
}

function bodyOf(bytes: Buffer, from: number, headers: ReadonlyMap<string, string>, isClosed: boolean): Body {
  if (headers.get('transfer-encoding') === 'chunked') return chunkedBody(bytes, from)
  const length = headers.get('content-length')
  if (length === undefined) return { body: bytes.subarray(from), next: bytes.length, isWhole: isClosed }
  const next = Math.min(bytes.length, from + Number(length))
  return { body: bytes.subarray(from, next), next, isWhole: next - from === Number(length) }
}

function chunkedBody(bytes: Buffer, from: number): Body {
  const pieces: Buffer[] = []
  const cut = () => ({ body: Buffer.concat(pieces), next: bytes.length, isWhole: false })
  for (let at = from; ; ) {
    const end = bytes.indexOf('\r\n', at)
    if (end === -1) return cut()
    const size = Number.parseInt(bytes.subarray(at, end).toString('latin1'), 16)
    if (size === 0) {
      const last = bytes.indexOf('\r\n\r\n', end)
      if (last === -1) return cut()
      return { body: Buffer.concat(pieces), next: last + 4, isWhole: true }
    }
    pieces.push(bytes.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
    if (at > bytes.length) return cut()
  }
}
