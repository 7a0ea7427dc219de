// HTTP over libp2p (`/http/1.1`): what peers can verify themselves, from this node's own disk, without an address open to the web (spec: gateway §2.24).

import type { GatewayNode } from '../src/api/gateway-node.ts'
import type { Config } from '../src/config/schema.ts'
import { LIMITS } from '../src/limits.ts'
import type { Logger } from '../src/observe/log.ts'
import { parseTimeout } from '../src/units.ts'
import { contentApp } from './content/app.ts'
import { acceptSockets, type HttpApp, type SocketServer } from './server.ts'

export const HTTP_PROTOCOL = '/http/1.1'

export interface PeerHttpOptions {
  readonly node: GatewayNode
  readonly config: Config
  readonly log: Logger
}

/** No search of the network on behalf of peers, and nothing that they would have to believe (spec: gateway §2.22). */
export function createPeerHttp({ node, config, log }: PeerHttpOptions): SocketServer {
  const gateway: Config['gateway'] = {
    ...config.gateway,
    hosts: ['* paths ipfs-only no-dnslink trustless'],
    access: 'local',
    routing: 'off',
    proxy: false,
    proxies: [],
  }
  const part = log.part('peer-http')
  const app = contentApp({ node, config: { mode: config.mode, gateway }, log: part })
  return acceptSockets({
    name: 'peer-http',
    app: onlyContent(app),
    limits: {
      maxConnections: LIMITS.peerHttp.value,
      stallTimeoutMs: parseTimeout(config.gateway.stallTimeout),
    },
    log: part,
  })
}

/** Nothing else of a gateway is for strangers who come without an address: its front page takes them for this machine. */
const OFFERED = /^\/(?:ipfs\/|\.well-known\/libp2p\/protocols$)/

const onlyContent = (app: HttpApp): HttpApp => ({
  fetch: (request, env) => app.fetch(request, env),
  direct: (incoming, outgoing) => {
    const { url = '', method } = incoming
    if (OFFERED.test(url) && (method === 'GET' || method === 'HEAD')) return app.direct?.(incoming, outgoing) ?? false
    outgoing.writeHead(OFFERED.test(url) ? 405 : 404, { 'Content-Length': 0, 'Cache-Control': 'no-store' }).end()
    return true
  },
})
