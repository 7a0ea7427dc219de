// A running daemon as one thing that starts in order and stops in the reverse: lock, node, listeners, files, network.

import { rmSync } from 'node:fs'
import { apiApp, requireLoopback } from '../gateway/api.ts'
import { startGatewayServer } from '../gateway/content/server.ts'
import { type HttpServer, startServer } from '../gateway/server.ts'
import type { WorkerGroup } from '../gateway/workers/pool.ts'
import { writeWhole } from '../src/config/edit.ts'
import { apiPath, gatewayPath } from '../src/config/paths.ts'
import type { Config } from '../src/config/schema.ts'
import { isCairnError } from '../src/errors.ts'
import { loadSwarmKey } from '../src/net/swarm-key.ts'
import { type LocalNode, openNode } from '../src/node/open.ts'
import type { Logger } from '../src/observe/log.ts'
import type { Database } from '../src/store/database/database.ts'
import { needsMigration } from '../src/store/database/migrate.ts'
import { holdDaemonLock, initRepo, repoExists } from '../src/store/repo.ts'
import { parseTimeout } from '../src/units.ts'

export interface ServeOptions {
  readonly repo: string
  readonly config: Config
  readonly log: Logger
  /** Called when the repository had to be made. */
  readonly onMade: () => void
}

export interface Service extends AsyncDisposable {
  readonly peerId: string
  readonly urls: { readonly gateway: string; readonly api: string }
  /** Resolves when `shutdown` was called over the API; REPO_NEWER when another program has brought the repository further. */
  readonly stopRequested: Promise<void>
  /** Loads and starts libp2p, now that local content is served already; resolves with its addresses. */
  startNetwork(): Promise<readonly string[]>
}

export async function serve({ repo, config, log, onMade }: ServeOptions): Promise<Service> {
  const drainMs = parseTimeout(config.daemon.drain)
  requireLoopback(config.api.listen)
  await using cleanup = new AsyncDisposableStack()
  if (!repoExists(repo)) {
    await initRepo(repo)
    onMade()
  }
  cleanup.use(holdDaemonLock(repo))
  // A private node without its key must not even begin to serve.
  await loadSwarmKey(repo, config)
  const node = cleanup.use(await openNode({ repo, config, log, role: 'daemon', network: 'lazy' }))
  const stop = Promise.withResolvers<void>()
  // Whoever waits for it may not do so yet.
  stop.promise.catch(() => undefined)
  cleanup.use(watchSchema(node.store.database, stop.reject))
  const servers = await listenAll(cleanup, {
    node,
    config,
    log,
    drainMs,
    onShutdown: stop.resolve,
    onFailed: stop.reject,
  })
  const { id: peerId } = await node.id()
  leaveAddresses(cleanup, repo, servers)
  const held = cleanup.move()
  return {
    peerId,
    urls: { gateway: servers.gateway?.url ?? '', api: servers.api?.url ?? '' },
    stopRequested: stop.promise,
    startNetwork: async () => {
      if (config.mode === 'offline') return []
      // Asking for peers is what starts a lazy network; it could not have been started before without delaying the listeners.
      await node.swarm.peers({ signal: new AbortController().signal })
      if (config.gateway.libp2p) await servePeers({ node, config, log })
      return node.network?.addresses() ?? []
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/** Ends with the network: its streams are the only connections. */
async function servePeers({ node, config, log }: { node: LocalNode; config: Config; log: Logger }): Promise<void> {
  const { createPeerHttp, HTTP_PROTOCOL } = await import('../gateway/peer-http.ts')
  await node.network?.serveStreams(HTTP_PROTOCOL, createPeerHttp({ node, config, log }).accept)
}

const SCHEMA_LOOK_MS = 2_000

/** Reads go on without a transaction of ours that would notice: a daemon older than its repository has to stop (spec: store §2.5). */
function watchSchema(database: Database, onNewer: (error: unknown) => void): Disposable {
  const timer = setInterval(() => {
    try {
      needsMigration(database.connection, database.file)
    } catch (error) {
      if (isCairnError(error, 'REPO_NEWER')) onNewer(error)
    }
  }, SCHEMA_LOOK_MS).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

interface Listening {
  readonly node: LocalNode
  readonly config: Config
  readonly log: Logger
  readonly drainMs: number
  readonly onShutdown: () => void
  readonly onFailed: (error: unknown) => void
}

/** Other processes may serve it, and fail to. */
type ServedGateway = HttpServer & Partial<Pick<WorkerGroup, 'whyNotServing'>>

interface Servers {
  readonly gateway: ServedGateway | undefined
  readonly api: HttpServer | undefined
}

async function listenAll(cleanup: AsyncDisposableStack, listening: Listening): Promise<Servers> {
  const running: HttpServer[] = []
  cleanup.defer(async () => {
    await Promise.all(running.map(server => server.close({ drainMs: listening.drainMs })))
  })
  const gateway = await startGateway(listening)
  if (gateway !== undefined) running.push(gateway)
  const api = await startApi(listening, () => gateway?.whyNotServing?.() ?? '')
  if (api !== undefined) running.push(api)
  return { gateway, api }
}

async function startGateway({ node, config, log, onFailed }: Listening): Promise<ServedGateway | undefined> {
  const { listen, workers } = config.gateway
  if (listen === '') return undefined
  if (workers === 0) return startGatewayServer({ node, config, repo: node.store.path, log })
  const { startWorkers } = await import('../gateway/workers/pool.ts')
  return startWorkers({ repo: node.store.path, config, node, log, onFailed })
}

async function startApi(
  { node, config, log, onShutdown }: Listening,
  whyNotServing: () => string,
): Promise<HttpServer | undefined> {
  const { listen } = config.api
  if (listen === '') return undefined
  const part = log.part('api')
  const origin = { name: 'api', configKey: 'api.listen', flag: '--api' }
  return startServer({
    ...origin,
    listen,
    app: apiApp({ node, config, log: part, onShutdown, whyNotServing }),
    log: part,
  })
}

/** The files by which commands find this daemon; they go first when it stops. */
function leaveAddresses(cleanup: AsyncDisposableStack, repo: string, { gateway, api }: Servers): void {
  const files = [
    { path: gatewayPath(repo), text: gateway?.url },
    { path: apiPath(repo), text: api === undefined ? undefined : multiaddrOf(api.url) },
  ]
  for (const { path, text } of files) {
    // What a daemon that was killed has left would lead commands to whoever took its port.
    if (text === undefined) rmSync(path, { force: true })
    else writeWhole(path, `${text}\n`)
    cleanup.defer(() => rmSync(path, { force: true }))
  }
}

/** `http://127.0.0.1:5001` → `/ip4/127.0.0.1/tcp/5001`, as Kubo's `api` file has it. */
export function multiaddrOf(url: string): string {
  if (url.startsWith('unix:')) return `/unix/${url.slice('unix:'.length).replace(/^\//, '')}`
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const kind = host.includes(':') ? 'ip6' : /^[\d.]+$/.test(host) ? 'ip4' : 'dns4'
  return `/${kind}/${host}/tcp/${port || '80'}`
}
