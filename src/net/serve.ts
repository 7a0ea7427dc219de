// Giving blocks to peers: each has a bounded list of wants and one sender at a time; wants for what comes later are kept.

import type { PeerId } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { blockKey } from '../block/cid.ts'
import { isCairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../observe/log.ts'
import type { Store } from '../store/store.ts'
import { Gate } from './gate.ts'
import {
  emptyMessage,
  type IncomingMessage,
  type OutgoingMessage,
  type WantEntry,
  type Wire,
  type WireListener,
} from './wire.ts'
import { wirePrefix } from './wire-block.ts'

/** A block so small is sent at once to a peer that only asks whether we have it, as Kubo does. */
const HAVE_BECOMES_BLOCK_BYTES = 1024
const LOOKS_AT_ONCE = 200

interface PeerWant {
  readonly cid: CID
  readonly wantsBlock: boolean
  readonly sendDontHave: boolean
}

interface ServedPeer {
  readonly id: PeerId
  /** To be answered, in the order of asking. */
  readonly ready: Map<string, PeerWant>
  /** We did not have these; answered when a commit brings them. */
  readonly unmet: Map<string, PeerWant>
  sending: boolean
}

export interface ServerOptions {
  readonly store: Pick<Store, 'get' | 'stat'>
  readonly wire: () => Wire
  readonly log: Logger
  readonly signal: AbortSignal
  /** Called for a peer that asks and does not read. */
  readonly onStuck: (peer: PeerId) => void
  /** How long one message may take; the limit of that name by default. */
  readonly sendMs?: number
}

export class BlockServer implements WireListener {
  readonly #options: ServerOptions
  readonly #peers = new Map<string, ServedPeer>()
  #looking = false
  #othersCommitted = false
  readonly #gate = new Gate({ width: LIMITS.servedPeers.value, line: LIMITS.peers.value * 4, what: 'peers' })

  constructor(options: ServerOptions) {
    this.#options = options
  }

  onConnect(): void {}

  onDisconnect(id: PeerId): void {
    this.#peers.delete(id.toString())
  }

  onMessage(id: PeerId, { wantlist }: IncomingMessage): void {
    if (wantlist === undefined || (wantlist.entries.length === 0 && wantlist.full !== true)) return
    const name = id.toString()
    const peer = this.#peers.get(name) ?? { id, ready: new Map(), unmet: new Map(), sending: false }
    this.#peers.set(name, peer)
    if (wantlist.full === true) {
      peer.ready.clear()
      peer.unmet.clear()
    }
    for (const entry of wantlist.entries) take(peer, entry)
    this.#sendSoon(peer)
  }

  /**
   * Blocks are durable now: peers that asked for them too early get them (spec: store §4.4). An empty list means that
   * another process has committed, and what is known here only by looking.
   */
  onCommit(multihashes: readonly Uint8Array[]): void {
    if (multihashes.length === 0) {
      this.#othersCommitted = true
      if (!this.#looking) {
        this.#looking = true
        void this.#look()
          .catch(error => this.#options.log.warn('early wants were not looked at', { err: error }))
          .finally(() => {
            this.#looking = false
          })
      }
      return
    }
    const waiting = this.#waiting()
    if (waiting.length === 0) return
    for (const multihash of multihashes) {
      const key = Buffer.from(multihash).toString('latin1')
      for (const peer of waiting) promote(peer, key)
    }
    for (const peer of waiting) this.#sendSoon(peer)
  }

  /** In slices: the wants of many peers may be a hundred thousand. What is committed meanwhile starts it again. */
  async #look(): Promise<void> {
    const { store, signal } = this.#options
    let looked = 0
    while (this.#othersCommitted) {
      this.#othersCommitted = false
      for (const peer of this.#waiting()) {
        for (const [key, { cid }] of [...peer.unmet]) {
          if (++looked % LOOKS_AT_ONCE === 0) await new Promise(resolve => setImmediate(resolve))
          if (signal.aborted) return
          if (store.stat(cid) !== undefined) promote(peer, key)
        }
        this.#sendSoon(peer)
      }
    }
  }

  #waiting(): ServedPeer[] {
    return [...this.#peers.values()].filter(peer => peer.unmet.size > 0)
  }

  #sendSoon(peer: ServedPeer): void {
    if (peer.sending || peer.ready.size === 0) return
    peer.sending = true
    void this.#sendAll(peer).finally(() => {
      peer.sending = false
      this.#sendSoon(peer)
    })
  }

  async #sendAll(peer: ServedPeer): Promise<void> {
    const { signal, wire, log, onStuck } = this.#options
    try {
      await this.#gate.enter(signal)
    } catch {
      peer.ready.clear()
      return
    }
    let timer: AbortSignal | undefined
    try {
      while (peer.ready.size > 0 && this.#peers.get(peer.id.toString()) === peer) {
        const message = await this.#nextMessage(peer)
        if (message.blocks.size === 0 && message.blockPresences.size === 0) continue
        timer = AbortSignal.timeout(this.#options.sendMs ?? LIMITS.messageSendMs.value)
        await wire().send(peer.id, message, timer)
      }
    } catch (error) {
      log.debug('a peer did not take what it asked for', { peer: peer.id.toString(), err: error })
      peer.ready.clear()
      if (timer?.aborted === true && !signal.aborted) onStuck(peer.id)
    } finally {
      this.#gate.leave()
    }
  }

  /** Takes wants off the list until one message is full; only these blocks are in memory. */
  async #nextMessage(peer: ServedPeer): Promise<OutgoingMessage> {
    const message = emptyMessage()
    let bytes = 0
    for (const [key, want] of peer.ready) {
      if (bytes >= LIMITS.serveBatchBytes.value || message.blockPresences.size >= LIMITS.wantsPerPeer.value) break
      peer.ready.delete(key)
      bytes += await this.#answer(peer, key, want, message)
    }
    return message
  }

  async #answer(peer: ServedPeer, key: string, want: PeerWant, message: OutgoingMessage): Promise<number> {
    const { store, signal, log } = this.#options
    const { cid, wantsBlock, sendDontHave } = want
    const known = store.stat(cid)
    if (known === undefined) {
      keepForLater(peer, key, want)
      if (sendDontHave) message.blockPresences.set(key, { cid: cid.bytes, type: 'DoNotHaveBlock' })
      return 0
    }
    if (!wantsBlock && known.sizeBytes > HAVE_BECOMES_BLOCK_BYTES) {
      message.blockPresences.set(key, { cid: cid.bytes, type: 'HaveBlock' })
      return 0
    }
    try {
      const data = await store.get(cid, { signal })
      message.blocks.set(key, { prefix: wirePrefix(cid), data })
      return data.byteLength
    } catch (error) {
      if (!isCairnError(error, 'BLOCK_NOT_LOCAL'))
        log.warn('a block could not be read for a peer', { cid: cid.toString(), err: error })
      if (sendDontHave) message.blockPresences.set(key, { cid: cid.bytes, type: 'DoNotHaveBlock' })
      return 0
    }
  }
}

function take(peer: ServedPeer, entry: WantEntry): void {
  const cid = CID.decode(entry.cid)
  const key = blockKey(cid)
  if (entry.cancel === true) {
    peer.ready.delete(key)
    peer.unmet.delete(key)
    return
  }
  const known = peer.ready.has(key) || peer.unmet.delete(key)
  if (!known && peer.ready.size >= LIMITS.wantsPerPeer.value) return
  peer.ready.set(key, { cid, wantsBlock: entry.wantType !== 'WantHave', sendDontHave: entry.sendDontHave === true })
}

function promote(peer: ServedPeer, key: string): void {
  const want = peer.unmet.get(key)
  if (want === undefined) return
  peer.unmet.delete(key)
  peer.ready.set(key, want)
}

function keepForLater(peer: ServedPeer, key: string, want: PeerWant): void {
  if (peer.unmet.size >= LIMITS.wantsPerPeer.value)
    for (const oldest of peer.unmet.keys().take(1)) peer.unmet.delete(oldest)
  peer.unmet.set(key, want)
}
