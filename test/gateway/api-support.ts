// An API listener for tests, over a real node whose network is a function of the test.

import { writeFileSync } from 'node:fs'
import http from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { apiApp } from '../../gateway/api.ts'
import { startServer } from '../../gateway/server.ts'
import { configSchema } from '../../src/config/schema.ts'
import { generateSwarmKey } from '../../src/net/swarm-key.ts'
import { type LocalNode, openNode } from '../../src/node/open.ts'
import type { FetchBlock } from '../../src/node/sources.ts'
import { SILENT } from '../../src/observe/log.ts'
import { temporaryFolder } from '../support/cairn.ts'

export interface TestApi {
  readonly url: string
  readonly port: number
  readonly node: LocalNode
  /** Resolves when the daemon was asked to stop. */
  readonly stopped: Promise<void>
  /** A call of the RPC, `path` with its query. */
  call(path: string, headers?: Record<string, string>): Promise<Response>
  /** Adds one file without pinning it; its CID. */
  add(content: string | Uint8Array, query?: string): Promise<string>
  close(): Promise<void>
}

/** A network in which nobody has anything and nobody says so. */
export const silentNetwork: FetchBlock = (_cid, { signal }) =>
  new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })

export interface TestApiOptions {
  /** In place of a network: what the node does for a block that it lacks. */
  readonly fetchBlock?: FetchBlock
  /** `alone`: real libp2p on loopback, in a private network that nobody else is in. */
  readonly network?: 'none' | 'alone'
}

export async function startApi({ fetchBlock, network = 'none' }: TestApiOptions = {}): Promise<TestApi> {
  const folder = temporaryFolder('api')
  const key = join(folder, 'swarm.key')
  writeFileSync(key, generateSwarmKey())
  const isAlone = network === 'alone'
  const config = configSchema.parse({
    mode: isAlone ? 'private' : 'offline',
    // Kubo collects at once what nothing keeps.
    store: { grace: '0s' },
    swarm: { listen: ['/ip4/127.0.0.1/tcp/0'], key },
  })
  const node = await openNode({
    repo: join(folder, 'repo'),
    config,
    log: SILENT,
    role: 'command',
    network: isAlone ? 'lazy' : 'never',
    createIfMissing: true,
    ...(isAlone ? {} : { fetchBlock: fetchBlock ?? silentNetwork }),
  })
  const { promise: stopped, resolve: onShutdown } = Promise.withResolvers<void>()
  const app = apiApp({ node, config, log: SILENT, onShutdown })
  const origin = { name: 'api', configKey: 'api.listen', flag: '--api' }
  const server = await startServer({ ...origin, listen: '127.0.0.1:0', app, log: SILENT })
  const call = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/api/v0/${path}`, { method: 'POST', headers })
  return {
    url: server.url,
    port: server.port,
    node,
    stopped,
    call,
    add: async (content, query = 'pin=false') => {
      const body = new FormData()
      body.append('file', new Blob([content]), 'file')
      const answer = await fetch(`${server.url}/api/v0/add?${query}`, { method: 'POST', body })
      return ((await answer.json()) as { Hash: string }).Hash
    },
    close: async () => {
      await server.close({ drainMs: 0 })
      await node[Symbol.asyncDispose]()
    },
  }
}

export interface RawReply {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
  /** Whether the body came to its proper end. */
  readonly isWhole: boolean
}

/** As node:http sees it: with any Host and Origin, and with the way in which the body ended. */
export function request(
  url: string,
  { method = 'POST', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<RawReply> {
  const { origin, hostname, port } = new URL(url)
  // As it is written: `new URL` would take `..` away.
  const path = url.slice(origin.length)
  return new Promise((resolve, reject) => {
    const sent = http.request({ hostname, port, path, method, headers, agent: false }, answer => {
      const chunks: Buffer[] = []
      const end = (isWhole: boolean) =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(chunks).toString('latin1'),
          isWhole,
        })
      answer.on('data', chunk => chunks.push(chunk))
      answer.on('end', () => end(answer.complete))
      answer.on('error', () => end(false))
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** Sends the head of a call and hangs up when `until` resolves. */
export async function callAndLeave(port: number, path: string, until: Promise<unknown>): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(`POST /api/v0/${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n`)
  await until
  socket.destroy()
}
