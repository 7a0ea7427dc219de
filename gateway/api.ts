// The API listener: Kubo's RPC and the admin pages, on loopback only, for callers of this machine only.

import { BlockList, isIP } from 'node:net'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import type { CairnNode } from '../src/api/node.ts'
import type { Config } from '../src/config/schema.ts'
import { CairnError } from '../src/errors.ts'
import type { Logger } from '../src/observe/log.ts'
import { adminApp } from './admin/app.ts'
import { countExchange } from './admin/count.ts'
import { parseListen } from './listen.ts'
import { handleRpc } from './rpc/app.ts'
import { isAllowedOrigin } from './rpc/csrf.ts'
import { BASE_PATH } from './rpc/route.ts'
import { RPC_COMMANDS } from './rpc/table.ts'
import type { HttpEnv } from './server.ts'

export interface ApiOptions {
  readonly node: CairnNode
  readonly config: Config
  readonly log: Logger
  /** `shutdown` was called, and its answer is out. */
  readonly onShutdown: () => void
  /** Why the gateway serves nobody, '' if it does: for /readyz. */
  readonly whyNotServing?: () => string
}

export function apiApp({ node, log, onShutdown, whyNotServing = () => '' }: ApiOptions): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>()
  const rpc = { node, commands: RPC_COMMANDS, log: log.part('rpc'), onShutdown }
  app.use(async (c, next) => {
    const { incoming, outgoing } = c.env
    countExchange(outgoing, 'api')
    if (!isLocalHost(incoming.headers.host)) return plain(403, '403 - Forbidden')
    return next()
  })
  app.all(`${BASE_PATH}/*`, async c => {
    await handleRpc(rpc, c.env.incoming, c.env.outgoing)
    return RESPONSE_ALREADY_SENT
  })
  app.use(async (c, next) => {
    const { origin } = c.env.incoming.headers
    const port = c.env.incoming.socket.localPort ?? 0
    return origin === undefined || isAllowedOrigin(origin, port) ? next() : plain(403, '403 - Forbidden')
  })
  app.route('/', adminApp(node, whyNotServing))
  // Never content: it would share its origin with an API that may do everything (spec: kubo-rpc §7.18).
  app.notFound(() => plain(404, '404 page not found'))
  app.onError(error => {
    log.error('an API request failed', { err: error })
    return plain(500, '500 internal error')
  })
  return app
}

/** BAD_CONFIG for an address that other machines could reach: who reaches the API may do everything. */
export function requireLoopback(listen: string): void {
  const address = parseListen(listen)
  if (address.kind === 'unix' || (address.kind === 'tcp' && isLoopback(address.host))) return
  throw new CairnError('BAD_CONFIG', `the API may not listen on ${listen}: whoever reaches it controls this node`, {
    hint: 'choose an address of 127.0.0.0/8 or ::1 with --api or the config key api.listen',
  })
}

/** Against DNS rebinding: a page of `evil.example` that was resolved to 127.0.0.1 still says so in Host. */
function isLocalHost(host: string | undefined): boolean {
  if (host === undefined) return true
  const name = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(host)
  return name !== null && isLoopback(name[1] ?? name[2] ?? '')
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

function isLoopback(host: string): boolean {
  const version = isIP(host)
  return version === 0 ? host.toLowerCase() === 'localhost' : LOOPBACK.check(host, version === 4 ? 'ipv4' : 'ipv6')
}

function plain(status: number, body: string): Response {
  return new Response(`${body}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  })
}
