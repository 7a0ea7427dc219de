// An HTTP server: one app behind node:http with every limit written out, and a stop that lets running answers end.

import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import type { AddressInfo, ListenOptions, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { LIMITS } from '../src/limits.ts'
import type { Logger } from '../src/observe/log.ts'
import { endsConnection, hasBody, refuseHead } from './head.ts'
import { Line } from './line.ts'
import { awaitRest, endAllSoftly, endSoftly, takeNoMore, takesNoMore } from './linger.ts'
import { explainListenError, type ListenOrigin, parseListen, socketsOf, urlOf } from './listen.ts'
import { makeRoom } from './room.ts'
import { REFUSED_TUNNEL, tunnel } from './tunnel.ts'

/** The Hono environment of every app here: `c.env.incoming` and `c.env.outgoing` are Node's own objects. */
export type HttpEnv = { Bindings: HttpBindings }

/** What a server needs of a Hono app. */
export interface HttpApp {
  fetch(request: Request, env: HttpBindings): Response | Promise<Response>
  /** Takes a request on Node's own objects, without a Request and a Response in between, or leaves it to `fetch`. */
  direct?(incoming: IncomingMessage, outgoing: ServerResponse): boolean
  /** CONNECT is answered, by this same server whatever its target says; otherwise refused. */
  readonly isTunnelled?: boolean
  /** Whether a new connection is taken, or ended at once. */
  readonly takes?: ((socket: Socket) => boolean) | undefined
}

export interface HttpServerOptions extends ListenOrigin {
  /** `HOST:PORT` or `unix:PATH`; port 0 takes a free one. */
  readonly listen: string
  readonly app: HttpApp
  readonly limits?: Partial<HttpLimits>
  /** Told of each connection as it is accepted. */
  readonly onConnection?: (socket: Socket) => void
  readonly log: Logger
}

export interface HttpLimits {
  readonly maxConnections: number
  /** A client that neither takes nor sends a byte it owes for so long is dropped. */
  readonly stallTimeoutMs: number
  readonly headersTimeoutMs: number
  readonly keepAliveTimeoutMs: number
}

export interface HttpServer {
  /** `http://HOST:PORT`, with the port that was really taken, or `unix:PATH`. */
  readonly url: string
  /** 0 for a unix socket. */
  readonly port: number
  /** Takes no more requests, waits up to `drainMs` for running answers, then cuts what is left. */
  close(options: { drainMs: number }): Promise<void>
}

const DEFAULTS: HttpLimits = {
  maxConnections: LIMITS.connections.value,
  stallTimeoutMs: LIMITS.stallTimeoutMs.value,
  headersTimeoutMs: LIMITS.headersTimeoutMs.value,
  keepAliveTimeoutMs: LIMITS.keepAliveTimeoutMs.value,
}

export async function startServer(options: HttpServerOptions): Promise<HttpServer> {
  const limits = { ...DEFAULTS, ...options.limits }
  const address = parseListen(options.listen)
  const servers: Server[] = []
  let port = 0
  for (const socket of socketsOf(address)) {
    const server = createLimitedServer(options, limits)
    const onPort = port > 0 ? { ...socket, port } : socket
    try {
      port = await listenOn(server, onPort)
    } catch (error) {
      // A machine without IPv6 still has the other loopback.
      const isMissingLoopback = servers.length > 0 && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(codeOf(error))
      if (isMissingLoopback) continue
      await Promise.all(servers.map(running => closeServer(running, 0)))
      throw explainListenError(error as NodeJS.ErrnoException, options.listen, options)
    }
    servers.push(server)
  }
  return {
    url: urlOf(address, port),
    port,
    close: async ({ drainMs }) => {
      await Promise.all(servers.map(server => closeServer(server, drainMs)))
    },
  }
}

/** A server that listens nowhere: it is given its connections, which may be streams of any kind. */
export interface SocketServer {
  accept(socket: Duplex): void
  close(): void
}

/** What is the same wherever connections come from. */
type ServerParts = Pick<HttpServerOptions, 'name' | 'app' | 'limits' | 'log' | 'onConnection'>

export function acceptSockets(options: ServerParts): SocketServer {
  const server = createLimitedServer(options, { ...DEFAULTS, ...options.limits })
  return { accept: socket => void server.emit('connection', socket), close: () => server.closeAllConnections() }
}

const nodeOptions = (limits: HttpLimits): ServerOptions => ({
  maxHeaderSize: LIMITS.headerBytes.value,
  headersTimeout: limits.headersTimeoutMs,
  // Node's limit on the whole request would kill long uploads; stalls are seen below instead.
  requestTimeout: 0,
  connectionsCheckingInterval: Math.min(2000, limits.headersTimeoutMs),
  keepAliveTimeout: limits.keepAliveTimeoutMs,
  noDelay: true,
  insecureHTTPParser: false,
})

function createLimitedServer({ app, log, name, onConnection }: ServerParts, limits: HttpLimits): Server {
  // The adapter would replace the global Request and Response of the whole process.
  const listener = getRequestListener(app.fetch as (request: Request, env: unknown) => Promise<Response>, {
    overrideGlobalObjects: false,
    // Half a second after an answer it would close the connection, whatever else is under way there by then.
    autoCleanupIncoming: false,
    hostname: 'localhost',
    errorHandler: error => {
      log.debug('request refused', { server: name, err: error })
      return new Response('bad request\n', { status: 400, headers: { 'cache-control': 'no-store' } })
    },
  })
  const server = createServer(nodeOptions(limits))
  const room = makeRoom(server, limits.maxConnections)
  server.maxHeadersCount = LIMITS.headerCount.value + 1
  if (onConnection !== undefined) server.on('connection', onConnection)
  const active = new Map<Socket, ServerResponse>()
  const line = new Line()
  const end = (outgoing: ServerResponse, socket: Socket): void => {
    if (active.get(socket) === outgoing) {
      active.delete(socket)
      room.idle(socket)
    }
    awaitRest(outgoing.req, socket)
    line.leave(socket)
    if (!server.listening) server.closeIdleConnections()
  }
  // One function for all answers, not a closure for each; but a request whose body was read has lost its socket by then.
  function ended(this: ServerResponse): void {
    end(this, this.req.socket)
  }
  const serve = (incoming: IncomingMessage, outgoing: ServerResponse, refusal: number | undefined): void => {
    if (refusal !== undefined) {
      outgoing.writeHead(refusal, { Connection: 'close', 'Cache-Control': 'no-store' }).end()
      return
    }
    // The adapter refuses a backslash in a path, where it is a character like any other (RFC 3986 §3.3 has it encoded).
    if (incoming.url?.includes('\\') === true) incoming.url = incoming.url.replaceAll('\\', '%5C')
    if (app.direct?.(incoming, outgoing) !== true) void listener(incoming, outgoing)
  }
  const take = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { socket } = incoming
    if (takesNoMore(socket)) return
    const isFree = !active.has(socket)
    active.set(socket, outgoing)
    room.busy(socket)
    outgoing.on('close', hasBody(incoming) ? () => end(outgoing, socket) : ended)
    const refusal = refuseHead(incoming)
    if (refusal !== undefined || !server.listening || endsConnection(incoming)) {
      outgoing.shouldKeepAlive = false
      takeNoMore(socket)
    }
    if (isFree) serve(incoming, outgoing, refusal)
    else line.wait(socket, () => serve(incoming, outgoing, refusal))
  }
  server.on('request', take)
  // Whoever reads the body invites it; what is refused need not be sent at all.
  server.on('checkContinue', take)
  endAllSoftly(server, active)
  server.on('connect', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    if (app.isTunnelled === true) tunnel({ server, incoming, socket, head })
    else endSoftly(socket, REFUSED_TUNNEL)
  })
  const { takes } = app
  if (takes !== undefined)
    server.on('connection', socket => {
      if (!takes(socket)) socket.destroy()
    })
  server.setTimeout(limits.stallTimeoutMs, socket => {
    const outgoing = active.get(socket)
    if (outgoing !== undefined && !owesUsBytes(outgoing, socket)) return
    if (outgoing !== undefined)
      log.debug('stalled client dropped', { server: name, url: outgoing.req.url?.split('?', 1)[0] })
    socket.destroy()
  })
  return server
}

/** Whether the silence is the client's: it does not take what was written, or does not send the body we wait for. */
function owesUsBytes(outgoing: ServerResponse, socket: Socket): boolean {
  const takesNothing = outgoing.writableLength > 0 || socket.writableLength > 0
  const sendsNothing = !outgoing.req.complete && outgoing.req.readableLength === 0
  return takesNothing || sendsNothing
}

function listenOn(server: Server, where: ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, () => {
      server.off('error', reject)
      const bound = server.address()
      resolve(bound === null || typeof bound === 'string' ? 0 : (bound as AddressInfo).port)
    })
  })
}

function closeServer(server: Server, drainMs: number): Promise<void> {
  return new Promise(resolve => {
    const cut = setTimeout(() => server.closeAllConnections(), drainMs)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''
