// Connections that end so that their last answer is read: what the client still sends is thrown away, for a while (RFC 9112 §9.6).

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { LIMITS } from '../src/limits.ts'

const POLL_MS = 100

/** The last answer is out, or about to be: nothing on it is a request any more. */
const ending = new WeakSet<Socket>()
/** What came on it cannot be read any further. */
const broken = new WeakSet<Socket>()
/** Its present request is its last. */
const last = new WeakSet<Socket>()

export const takesNoMore = (socket: Socket): boolean => ending.has(socket) || last.has(socket)

export function takeNoMore(socket: Socket): void {
  last.add(socket)
}

/** Takes what comes, up to a limit of bytes and of time; then the connection goes. */
function discard(socket: Socket, isOver: () => boolean): void {
  const mostBytes = socket.bytesRead + LIMITS.discardedBytes.value
  const until = performance.now() + LIMITS.discardMs.value
  const timer = setInterval(() => {
    if (isOver()) clearInterval(timer)
    else if (socket.bytesRead > mostBytes || performance.now() > until) socket.destroy()
  }, POLL_MS)
  socket.once('close', () => clearInterval(timer))
}

/** A close with bytes unread would be a reset, which takes from the client the answer that it has not read yet. */
export function endSoftly(socket: Socket, lastWords?: string): void {
  if (socket.destroyed || ending.has(socket)) return
  ending.add(socket)
  if (lastWords === undefined) socket.end()
  else socket.end(lastWords)
  discard(socket, () => socket.destroyed)
}

/** The answer is out and the body is not in: some of it is awaited, so that the next request can be seen. */
export function awaitRest(incoming: IncomingMessage, socket: Socket): void {
  if (incoming.complete || socket.destroyed || ending.has(socket)) return
  incoming.resume()
  discard(socket, () => incoming.complete)
}

/** `answering` knows the last answer under way on a connection. */
export function endAllSoftly(server: Server, answering: ReadonlyMap<Socket, ServerResponse>): void {
  server.on('connection', (socket: Socket) => {
    const { destroy, destroySoon } = socket
    socket.destroy = error => {
      if (!wouldLookWhole(answering.get(socket), socket)) return destroy.call(socket, error)
      socket.destroy = destroy
      // At once: what waits would be written first, and then a proper end.
      socket.destroySoon = () => socket.destroy()
      return socket.resetAndDestroy()
    }
    // What Node calls after the last answer on a connection.
    socket.destroySoon = () => {
      const mayStillSend = broken.has(socket) || last.has(socket) || answering.get(socket)?.req.complete === false
      if (mayStillSend) endSoftly(socket)
      else destroySoon.call(socket)
    }
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (broken.has(socket) || ending.has(socket)) return
    broken.add(socket)
    const outgoing = answering.get(socket)
    if (outgoing?.req.complete === true && !outgoing.destroyed) {
      // What is broken lies behind a request that is whole, and that one has its answer first.
      if (!outgoing.headersSent) outgoing.shouldKeepAlive = false
      outgoing.once('close', () => endSoftly(socket, refusalOf(error)))
    } else if (!socket.writable || outgoing?.headersSent === true) socket.destroy(error)
    else endSoftly(socket, refusalOf(error))
  })
}

/** To HTTP/1.0, which nginx speaks, the end of the connection is the end of an answer: only a reset says that it is none. */
function wouldLookWhole(outgoing: ServerResponse | undefined, { destroyed, remoteFamily }: Socket): boolean {
  if (outgoing === undefined || outgoing.req.httpVersionMinor > 0 || destroyed) return false
  return outgoing.headersSent && !outgoing.writableFinished && remoteFamily !== undefined
}

const STATUS: Partial<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/** Behind the last request of a connection nothing is a request: it is not answered. */
const refusalOf = ({ code = '' }: NodeJS.ErrnoException): string | undefined =>
  code === 'HPE_CLOSED_CONNECTION'
    ? undefined
    : `HTTP/1.1 ${STATUS[code] ?? '400 Bad Request'}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
