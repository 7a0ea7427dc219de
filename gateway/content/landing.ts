// The front page of the gateway: opens what is typed into its field, and shows the node's state to its own machine only.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GatewayNode } from '../../src/api/gateway-node.ts'
import { toCairnError } from '../../src/errors.ts'
import { locationOfInput } from './uri.ts'
import { type NodeState, renderLanding } from './views/landing.ts'
import { pageHeaders } from './views/page.ts'

/** The page does not wait for a network that is just starting. */
const PEERS_WAIT_MS = 250

export interface LandingOptions {
  readonly node: GatewayNode
  readonly mode: string
  readonly gateways: readonly string[]
}

export async function serveLanding(
  { node, mode, gateways }: LandingOptions,
  { incoming, outgoing, query }: { incoming: IncomingMessage; outgoing: ServerResponse; query: string },
): Promise<void> {
  const input = new URLSearchParams(query).get('uri')
  const outcome = input === null || input.trim() === '' ? undefined : openInput(input)
  if (outcome?.location !== undefined) {
    outgoing.writeHead(303, { Location: outcome.location, 'Cache-Control': 'no-store', 'Content-Length': 0 }).end()
    return
  }
  const state = isOwnMachine(incoming) ? await nodeState(node, mode) : undefined
  const page = Buffer.from(String(await renderLanding({ state, refused: outcome?.refused })))
  // No CORS here: what this machine may see is nobody else's to read.
  outgoing.writeHead(outcome === undefined ? 200 : 400, {
    ...pageHeaders({ formHosts: gateways }),
    'Cache-Control': 'no-store',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Content-Length': page.byteLength,
  })
  outgoing.end(incoming.method === 'HEAD' ? undefined : page)
}

type Outcome =
  | { readonly location: string; readonly refused?: undefined }
  | { readonly location?: undefined; readonly refused: { readonly input: string; readonly why: string } }

/** A wrong address is not an error page: the visitor gets the field back, with the reason. */
function openInput(input: string): Outcome {
  try {
    return { location: locationOfInput(input) }
  } catch (error) {
    const { hint } = toCairnError(error)
    return { refused: { input: input.slice(0, 1000), why: `That is no content address: ${hint || 'check it'}.` } }
  }
}

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/
const OWN_NAME = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i

/**
 * Connected over loopback, under a loopback name (not one that was pointed here), not through a proxy on this machine,
 * and by someone who opened the page, not by a page that fetches it.
 */
function isOwnMachine({ socket, headers }: IncomingMessage): boolean {
  const isDirect = ['x-forwarded-for', 'x-forwarded-host', 'forwarded', 'via'].every(
    name => headers[name] === undefined,
  )
  const isVisit = (headers['sec-fetch-dest'] ?? 'document') === 'document'
  return isDirect && isVisit && LOOPBACK.test(socket.remoteAddress ?? '') && OWN_NAME.test(headers.host ?? '')
}

async function nodeState(node: GatewayNode, mode: string): Promise<NodeState> {
  const signal = AbortSignal.timeout(PEERS_WAIT_MS)
  const [{ id }, peers] = await Promise.all([
    node.id({ signal }),
    mode === 'offline' ? undefined : countPeers(node, signal),
  ])
  const { blocks, diskBytes } = node.repo.stat()
  return { peerId: id, mode, peers, blocks, diskBytes, version: node.version }
}

/** Undefined while the network is not up: the page says so instead of waiting for it. */
function countPeers(node: GatewayNode, signal: AbortSignal): Promise<number | undefined> {
  const late = new Promise<undefined>(resolve => signal.addEventListener('abort', () => resolve(undefined)))
  const counted = node.swarm.peers({ signal }).then(
    peers => peers.length,
    () => undefined,
  )
  return Promise.race([counted, late])
}
