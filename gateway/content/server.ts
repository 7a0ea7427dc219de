// The listener of the content gateway, as the daemon and its workers both have it.

import type { GatewayNode } from '../../src/api/gateway-node.ts'
import type { Config } from '../../src/config/schema.ts'
import type { Logger } from '../../src/observe/log.ts'
import { parseTimeout } from '../../src/units.ts'
import type { ListenOrigin } from '../listen.ts'
import { type HttpServer, type HttpServerOptions, startServer } from '../server.ts'
import { contentApp } from './app.ts'

export const GATEWAY_ORIGIN: ListenOrigin = { name: 'gateway', configKey: 'gateway.listen', flag: '--gateway' }

export interface GatewayServerOptions extends Pick<HttpServerOptions, 'onConnection'> {
  readonly node: GatewayNode
  readonly config: Config
  /** The repository's folder, for the keys of signed addresses. */
  readonly repo: string
  readonly log: Logger
  /** In place of the configured address. */
  readonly listen?: string
}

export function startGatewayServer({
  node,
  config,
  repo,
  log,
  listen,
  ...rest
}: GatewayServerOptions): Promise<HttpServer> {
  const part = log.part('gateway')
  return startServer({
    ...GATEWAY_ORIGIN,
    ...rest,
    listen: listen ?? config.gateway.listen,
    app: contentApp({ node, config, repo, log: part }),
    limits: {
      maxConnections: config.gateway.maxConnections,
      stallTimeoutMs: parseTimeout(config.gateway.stallTimeout),
    },
    log: part,
  })
}
