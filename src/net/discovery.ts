// Getting to know peers: dialling those that mDNS and the DHT discover, and the bootstrap peers while too few are connected.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Libp2p, PeerInfo } from '@libp2p/interface'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../observe/log.ts'
import type { ListedPeer } from './reconnect.ts'

/** Discovered peers are dialled while fewer than this part of the connections is in use. */
const FILL = 0.3
const DIALS_AT_ONCE = 8
/** A discovered peer that did not answer is left alone for so long. */
const AGAIN_MS = 60_000
const REMEMBERED = 1000
const FEW_PEERS = 4
const BOOTSTRAP_FIRST_MS = 5000
const BOOTSTRAP_LONGEST_MS = 300_000

export interface DiscoveryOptions {
  readonly libp2p: Libp2p
  readonly maxConnections: number
  readonly log: Logger
  readonly signal: AbortSignal
}

/** libp2p 3 announces what it discovers and does not dial it. */
export function dialDiscovered({ libp2p, maxConnections, log, signal }: DiscoveryOptions): void {
  const dialledAt = new Map<string, number>()
  let dialling = 0
  const onDiscovery = async ({ detail: { id } }: CustomEvent<PeerInfo>): Promise<void> => {
    const name = id.toString()
    const now = performance.now()
    const enough = libp2p.getConnections().length >= maxConnections * FILL || dialling >= DIALS_AT_ONCE
    if (signal.aborted || enough || libp2p.getConnections(id).length > 0) return
    if (now - (dialledAt.get(name) ?? -AGAIN_MS) < AGAIN_MS) return
    if (dialledAt.size >= REMEMBERED) dialledAt.clear()
    dialledAt.set(name, now)
    dialling++
    try {
      await libp2p.dial(id, { signal: dialSignal(signal) })
    } catch (error) {
      log.debug('a discovered peer is not reached', { peer: name, err: error })
    } finally {
      dialling--
    }
  }
  const listener = (event: CustomEvent<PeerInfo>) => void onDiscovery(event)
  libp2p.addEventListener('peer:discovery', listener)
  signal.addEventListener('abort', () => libp2p.removeEventListener('peer:discovery', listener), { once: true })
}

/** Resolves when every bootstrap peer was tried once; then goes on while the node knows almost nobody. */
export async function bootstrapWhileAlone(
  options: DiscoveryOptions & { readonly peers: readonly ListedPeer[] },
): Promise<void> {
  await dialBootstrap(options)
  void repeat(options).catch(error => {
    if (!options.signal.aborted) options.log.error('bootstrapping ended', { err: error })
  })
}

async function repeat(options: DiscoveryOptions & { readonly peers: readonly ListedPeer[] }): Promise<void> {
  const { libp2p, signal } = options
  let waitMs = BOOTSTRAP_FIRST_MS
  while (!signal.aborted) {
    await sleep(waitMs * (0.5 + Math.random()), undefined, { signal })
    const alone = libp2p.getPeers().length < FEW_PEERS
    if (alone) await dialBootstrap(options)
    waitMs = alone ? Math.min(waitMs * 2, BOOTSTRAP_LONGEST_MS) : BOOTSTRAP_FIRST_MS
  }
}

async function dialBootstrap({
  libp2p,
  peers,
  log,
  signal,
}: DiscoveryOptions & { readonly peers: readonly ListedPeer[] }): Promise<void> {
  const dials = peers.map(async ({ id, address }) => {
    await libp2p.peerStore.merge(id, { multiaddrs: [address] })
    await libp2p.dial(address, { signal: dialSignal(signal) })
  })
  for (const outcome of await Promise.allSettled(dials)) {
    if (outcome.status === 'rejected') log.debug('a bootstrap peer is not reached', { err: outcome.reason })
  }
}

const dialSignal = (signal: AbortSignal): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(LIMITS.dialTimeoutMs.value)])
