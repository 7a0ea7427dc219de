// Finding the running daemon: where the repository's `api` file points, whether anyone listens there, and its gateway.

import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { apiPath, gatewayPath } from '../src/config/paths.ts'

/** Where the API listens, in the words of node:http and node:net. */
export type Endpoint = { readonly host: string; readonly port: number } | { readonly socketPath: string }

const CONNECT_MS = 2000

/** What a multiaddr of the `api` file says; undefined for what no client can use. */
export function parseEndpoint(multiaddr: string): Endpoint | undefined {
  const [, kind, ...rest] = multiaddr.trim().split('/')
  if (kind === 'unix' && rest.length > 0) return { socketPath: `/${rest.join('/')}` }
  const port = Number(rest[2])
  if (!['ip4', 'ip6', 'dns', 'dns4', 'dns6'].includes(kind ?? '') || rest[1] !== 'tcp' || !(port > 0)) return undefined
  return { host: rest[0] ?? '', port }
}

/** Undefined if there is no `api` file, or nobody listens where it points. */
export async function findEndpoint(file: string, { signal }: { signal: AbortSignal }): Promise<Endpoint | undefined> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
  const endpoint = parseEndpoint(text)
  return endpoint !== undefined && (await isListening(endpoint, signal)) ? endpoint : undefined
}

/** Whether a connection can be made at all. */
export async function isListening(endpoint: Endpoint, signal: AbortSignal): Promise<boolean> {
  const socket = connect('socketPath' in endpoint ? { path: endpoint.socketPath } : endpoint)
  const given = new AbortController()
  try {
    return await Promise.race([
      new Promise<boolean>(resolve => {
        socket.once('connect', () => resolve(true))
        socket.once('error', () => resolve(false))
      }),
      sleep(CONNECT_MS, false, { signal: AbortSignal.any([given.signal, signal]) }),
    ])
  } finally {
    given.abort()
    socket.destroy()
  }
}

/** Undefined if no daemon runs, or it has no gateway. */
export async function gatewayUrl(repo: string, { signal }: { signal: AbortSignal }): Promise<string | undefined> {
  if ((await findEndpoint(apiPath(repo), { signal })) === undefined) return undefined
  try {
    return readFileSync(gatewayPath(repo), 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}
