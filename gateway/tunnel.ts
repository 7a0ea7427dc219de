// CONNECT for clients that use the gateway as their proxy: the tunnel always ends here, nothing is ever dialled (spec: gateway §1.6).

import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { endSoftly } from './linger.ts'

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n'
const ALLOW = 'GET, HEAD, OPTIONS'

export const REFUSED_TUNNEL = `HTTP/1.1 405 Method Not Allowed\r\nAllow: ${ALLOW}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`

const MALFORMED = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'

export interface TunnelRequest {
  readonly server: Server
  readonly incoming: IncomingMessage
  readonly socket: Socket
  /** What the client sent behind its request, without waiting for the answer. */
  readonly head: Buffer
}

/** What has become a tunnel leads here: one inside of it would lead nowhere else. */
const tunnels = new WeakSet<Socket>()

/** Whatever the target says, the requests in the tunnel are answered by the server that took it. */
export function tunnel({ server, incoming, socket, head }: TunnelRequest): void {
  // Nobody else listens to a socket that has left its parser.
  socket.on('error', () => socket.destroy())
  if (!server.listening) {
    socket.destroy()
    return
  }
  if (tunnels.has(socket) || !isSound(incoming)) {
    socket.resume()
    endSoftly(socket, tunnels.has(socket) ? REFUSED_TUNNEL : MALFORMED)
    return
  }
  tunnels.add(socket)
  socket.write(ESTABLISHED)
  if (head.byteLength > 0) socket.unshift(head)
  server.emit('connection', socket)
}

/** A host and a port; and no body, which would be a request in the tunnel to one reader and none to another (RFC 9110 §9.3.6). */
function isSound({ url = '', headers }: IncomingMessage): boolean {
  const [, port] = /^(?:\[[0-9a-f:.]+\]|[^/?#@:\s[\]]+):(\d{1,5})$/i.exec(url) ?? []
  const hasBody = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
  return port !== undefined && Number(port) <= 65_535 && !hasBody
}
