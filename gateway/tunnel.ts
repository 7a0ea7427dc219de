// CONNECT for clients that use the gateway as their proxy: the tunnel always ends here, nothing is ever dialled (spec: gateway §1.6).

import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

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

/** Whatever the target says, the requests in the tunnel are answered by the server that took it. */
export function tunnel({ server, incoming, socket, head }: TunnelRequest): void {
  // Nobody else listens to a socket that has left its parser.
  socket.on('error', () => socket.destroy())
  if (!/^(?:\[[0-9a-f:.]+\]|[^/?#\s[\]]+):\d{1,5}$/i.test(incoming.url ?? '')) {
    socket.end(MALFORMED)
    return
  }
  if (!server.listening) {
    socket.destroy()
    return
  }
  socket.write(ESTABLISHED)
  if (head.byteLength > 0) socket.unshift(head)
  server.emit('connection', socket)
}
