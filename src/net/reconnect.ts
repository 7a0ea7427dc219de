// Staying connected with listed peers: libp2p neither dials them by itself nor tries for long, so each has a loop here.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Libp2p, PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { CairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../observe/log.ts'

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 60_000
/** Above the tags of peers that libp2p met by chance: the pruner closes listed peers last. */
const TAG_VALUE = 100

export interface ListedPeer {
  readonly id: PeerId
  readonly address: Multiaddr
}

export interface ReconnectOptions {
  readonly libp2p: Libp2p
  readonly peers: readonly ListedPeer[]
  readonly log: Logger
  readonly signal: AbortSignal
}

/** BAD_CONFIG for a multiaddr that is none or names no peer. */
export function parseListedPeer(text: string, key = 'swarm.peers'): ListedPeer {
  try {
    const address = multiaddr(text)
    const name = address.getComponents().findLast(component => component.name === 'p2p')?.value
    if (name !== undefined) return { id: peerIdFromString(name), address }
  } catch (cause) {
    throw new CairnError('BAD_CONFIG', `${key}: "${text}" is not a multiaddr`, { cause })
  }
  throw new CairnError('BAD_CONFIG', `${key}: "${text}" does not end in /p2p/<peer id>`)
}

/** Resolves when each peer was tried once; the loops go on until `signal`. */
export async function keepConnected(options: ReconnectOptions): Promise<void> {
  await Promise.all(options.peers.map(peer => startLoop(options, peer)))
}

function startLoop(options: ReconnectOptions, peer: ListedPeer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  void keepPeer(options, peer, resolve).catch(error => {
    if (!options.signal.aborted)
      options.log.error('a listed peer is given up', { peer: peer.id.toString(), err: error })
    resolve()
  })
  return promise
}

async function keepPeer(options: ReconnectOptions, peer: ListedPeer, tried: () => void): Promise<void> {
  const { libp2p, signal } = options
  await libp2p.peerStore.merge(peer.id, { tags: { 'cairn-listed': { value: TAG_VALUE } } })
  let waitMs = FIRST_WAIT_MS
  while (!signal.aborted) {
    const connected = await dialOnce(options, peer)
    tried()
    if (connected) {
      await disconnected(libp2p, peer.id, signal)
      waitMs = FIRST_WAIT_MS
    }
    // Jitter, so that the peers of a node that restarts do not all come at once.
    await sleep(waitMs * (0.5 + Math.random()), undefined, { signal })
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)
  }
}

async function dialOnce({ libp2p, log, signal }: ReconnectOptions, { id, address }: ListedPeer): Promise<boolean> {
  try {
    await libp2p.dial(address, { signal: AbortSignal.any([signal, AbortSignal.timeout(LIMITS.dialTimeoutMs.value)]) })
    return true
  } catch (error) {
    log.debug('a listed peer is not reached', { peer: id.toString(), err: error })
    return false
  }
}

/** Resolves when no connection to the peer is left. */
function disconnected(libp2p: Libp2p, id: PeerId, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const onDisconnect = ({ detail }: CustomEvent<PeerId>) => {
    if (detail.equals(id)) resolve()
  }
  libp2p.addEventListener('peer:disconnect', onDisconnect)
  signal.addEventListener('abort', () => resolve(), { once: true })
  if (libp2p.getConnections(id).length === 0) resolve()
  return promise.finally(() => libp2p.removeEventListener('peer:disconnect', onDisconnect))
}
