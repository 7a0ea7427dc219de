// The blocks this node waits for: whom they were asked of, what came back, and when to ask someone else.

import type { PeerId } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { blockKey } from '../block/cid.ts'
import type { FetchState, Wait } from '../block/source.ts'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../observe/log.ts'
import { type Answer, nextAsks } from './choose.ts'
import { fetchState } from './fetch-state.ts'
import { Gate } from './gate.ts'
import { Outbox } from './outbox.ts'
import type { Session } from './session.ts'
import { fetchFailure } from './tried.ts'
import type { IncomingMessage, Wire, WireBlock, WireListener } from './wire.ts'
import { wireBlockKey } from './wire-block.ts'

/** How patient the node is with peers, in ms. */
export interface Patience {
  readonly tickMs: number
  /** A provider that gave nothing for so long gets company. */
  readonly hedgeMs: number
  /** A peer that was asked and gave nothing at all for so long counts as silent. */
  readonly silentMs: number
  /** When more providers are looked for. */
  readonly searchMs: number
  /** When a fetch ends by itself. */
  readonly idleMs: number
}
const PATIENCE: Patience = {
  tickMs: 500,
  hedgeMs: 1500,
  silentMs: 30_000,
  searchMs: 1000,
  idleMs: LIMITS.fetchIdleMs.value,
}
/** Blocks that may still arrive from others after they were received or given up. */
const REMEMBERED_KEYS = 8192

interface Waiter {
  resolve(bytes: Uint8Array): void
  reject(error: unknown): void
}

export interface Want {
  readonly cid: CID
  readonly key: string
  readonly session: Session
  readonly startedAt: number
  readonly answers: Map<string, Answer>
  askedAt: number
  readonly waiters: Set<Waiter>
}

export interface WantPeer {
  readonly id: PeerId
  /** Blocks asked of it and not answered. */
  outstanding: number
  heardAt: number
  lied: boolean
}

export interface WantsOptions {
  readonly wire: () => Wire
  readonly log: Logger
  readonly signal: AbortSignal
  /** Starts a search for more providers in the background; `tried` gets a line about it. */
  readonly search: (session: Session, cid: CID) => void
  readonly patience?: Patience
}

export class Wants implements WireListener {
  readonly #options: WantsOptions
  readonly #patience: Patience
  readonly #wants = new Map<string, Want>()
  readonly #peers = new Map<string, WantPeer>()
  readonly #ended = new Set<string>()
  readonly #gate = new Gate({ width: LIMITS.wantsInFlight.value, line: LIMITS.wantsWaiting.value, what: 'fetches' })
  readonly #outbox: Outbox
  #ticker: NodeJS.Timeout | undefined

  constructor(options: WantsOptions) {
    this.#options = options
    this.#patience = options.patience ?? PATIENCE
    this.#outbox = new Outbox({
      wire: { send: (peer, message, signal) => options.wire().send(peer, message, signal) },
      onFailure: (peer, keys) => {
        for (const key of keys) this.#answer(peer.toString(), key, 'silent')
      },
    })
    options.signal.addEventListener('abort', () => this.#stop(), { once: true })
  }

  /** The block's bytes, hashed; one want serves all who wait for the same block. */
  async fetch(cid: CID, session: Session, { signal }: Wait): Promise<Uint8Array> {
    try {
      await this.#gate.enter(signal)
    } catch (error) {
      throw signal.aborted ? fetchFailure({ cid, reason: signal.reason, peers: this.#peers }) : error
    }
    try {
      return await this.#join(cid, session, signal)
    } finally {
      this.#gate.leave()
    }
  }

  /** Something new is known about who has this root: look again at what nobody is about to answer. */
  retry(session: Session): void {
    for (const want of this.#wants.values()) if (want.session === session && !isAsked(want)) this.#advance(want)
  }

  state(session: Session): FetchState {
    return fetchState(session, this.#wants.values(), this.#peers.size)
  }

  onConnect(id: PeerId): void {
    if (this.#options.signal.aborted) return
    this.#peers.set(id.toString(), { id, outstanding: 0, heardAt: performance.now(), lied: false })
    for (const want of this.#wants.values()) if (!isAsked(want)) this.#advance(want)
  }

  onDisconnect(id: PeerId): void {
    const name = id.toString()
    this.#peers.delete(name)
    this.#outbox.forget(id)
    for (const want of this.#wants.values()) {
      if (want.answers.delete(name) && !isAsked(want)) this.#advance(want)
    }
  }

  onMessage(id: PeerId, message: IncomingMessage): void {
    const peer = this.#peers.get(id.toString())
    if (peer === undefined) return
    for (const block of message.blocks) this.#receive(peer, block)
    for (const { cid, type } of message.blockPresences) {
      peer.heardAt = performance.now()
      this.#answer(id.toString(), blockKey(CID.decode(cid)), type === 'HaveBlock' ? 'has' : 'lacks')
    }
  }

  #join(cid: CID, session: Session, signal: AbortSignal): Promise<Uint8Array> {
    const stopped = this.#options.signal
    const ended = [stopped, signal].find(({ aborted }) => aborted)
    if (ended !== undefined) return Promise.reject(fetchFailure({ cid, reason: ended.reason, peers: this.#peers }))
    const key = blockKey(cid)
    const known = this.#wants.get(key)
    const want = known ?? {
      cid,
      key,
      session,
      startedAt: performance.now(),
      askedAt: 0,
      answers: new Map(),
      waiters: new Set(),
    }
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    const waiter = { resolve, reject }
    want.waiters.add(waiter)
    const giveUp = () => {
      reject(fetchFailure({ cid, reason: signal.reason, want, peers: this.#peers }))
      want.waiters.delete(waiter)
      if (want.waiters.size === 0) this.#end(want)
    }
    signal.addEventListener('abort', giveUp, { once: true })
    if (known === undefined) {
      this.#wants.set(key, want)
      this.#ticker ??= setInterval(() => this.#tick(), this.#patience.tickMs)
      this.#advance(want)
    }
    return promise.finally(() => signal.removeEventListener('abort', giveUp))
  }

  #advance(want: Want): void {
    const { answers, session } = want
    const asks = nextAsks({
      answers,
      providers: session.providers,
      connected: this.#peers,
      width: LIMITS.wantBroadcast.value,
    })
    for (const { peer: name, kind } of asks) {
      const peer = this.#peers.get(name)
      if (peer === undefined) continue
      answers.set(name, kind === 'block' ? 'asked-block' : 'asked-have')
      if (kind === 'block') peer.outstanding++
      this.#outbox.add(peer.id, want.key, want.cid, kind)
      want.askedAt = performance.now()
    }
    if (asks.length === 0 && !isAsked(want)) this.#options.search(session, want.cid)
  }

  /** A peer has said, or shown, what it can do about a block it was asked for. */
  #answer(name: string, key: string, answer: Answer): void {
    const want = this.#wants.get(key)
    const before = want?.answers.get(name)
    if (want === undefined || before === undefined || before === answer) return
    const peer = this.#peers.get(name)
    if (before === 'asked-block' && answer === 'has') return
    if (before === 'asked-block' && peer !== undefined) peer.outstanding--
    want.answers.set(name, answer)
    if (answer === 'has') want.session.providers.add(name)
    const blockIsComing = [...want.answers.values()].includes('asked-block')
    if (!blockIsComing && (answer === 'has' || !isAsked(want))) this.#advance(want)
  }

  #receive(peer: WantPeer, block: WireBlock): void {
    let key: string
    try {
      key = wireBlockKey(block)
    } catch (error) {
      this.#distrust(peer, error)
      return
    }
    peer.heardAt = performance.now()
    const want = this.#wants.get(key)
    if (want === undefined) {
      if (!this.#ended.has(key)) this.#distrust(peer)
      return
    }
    want.session.providers.add(peer.id.toString())
    want.session.blockAt = peer.heardAt
    if (want.answers.get(peer.id.toString()) === 'asked-block') peer.outstanding--
    want.answers.delete(peer.id.toString())
    this.#end(want)
    for (const waiter of want.waiters) waiter.resolve(block.data)
  }

  /** Bytes that hash to nothing we asked for: this peer is not asked again while it stays connected. */
  #distrust(peer: WantPeer, error?: unknown): void {
    if (peer.lied) return
    peer.lied = true
    const name = peer.id.toString()
    this.#options.log.warn('a peer sent bytes that nobody asked for', {
      peer: name,
      ...(error !== undefined && { err: error }),
    })
    for (const want of [...this.#wants.values()]) this.#answer(name, want.key, 'lied')
  }

  #end(want: Want): void {
    this.#wants.delete(want.key)
    this.#ended.add(want.key)
    if (this.#ended.size > REMEMBERED_KEYS)
      for (const oldest of this.#ended.values().take(1)) this.#ended.delete(oldest)
    for (const [name, answer] of want.answers) {
      const peer = this.#peers.get(name)
      if (peer === undefined || answer === 'lied') continue
      if (answer === 'asked-block') peer.outstanding--
      this.#outbox.add(peer.id, want.key, want.cid, 'cancel')
    }
    if (this.#wants.size > 0) return
    clearInterval(this.#ticker)
    this.#ticker = undefined
  }

  #tick(): void {
    const now = performance.now()
    for (const want of [...this.#wants.values()]) {
      if (now - Math.max(want.startedAt, want.session.blockAt) > this.#patience.idleMs) {
        this.#fail(want, new DOMException('nothing came', 'TimeoutError'))
      } else this.#nudge(want, now)
    }
  }

  #nudge(want: Want, now: number): void {
    for (const [name, answer] of want.answers) {
      const asked = answer === 'asked-block' || answer === 'asked-have'
      const heardAt = Math.max(want.askedAt, this.#peers.get(name)?.heardAt ?? 0)
      // While a peer sends us anything at all it is slow, not silent.
      if (asked && now - heardAt > this.#patience.silentMs) this.#answer(name, want.key, 'silent')
    }
    if (!isAsked(want) && now - want.askedAt > this.#patience.silentMs) {
      for (const [name, answer] of want.answers) if (answer === 'silent') want.answers.delete(name)
    }
    if (now - Math.max(want.askedAt, want.session.blockAt) > this.#patience.hedgeMs) this.#advance(want)
    if (now - Math.max(want.startedAt, want.session.blockAt) > this.#patience.searchMs)
      this.#options.search(want.session, want.cid)
  }

  #fail(want: Want, reason: unknown): void {
    for (const { reject } of want.waiters) reject(fetchFailure({ cid: want.cid, reason, want, peers: this.#peers }))
    this.#end(want)
  }

  #stop(): void {
    this.#peers.clear()
    for (const want of [...this.#wants.values()]) this.#fail(want, this.#options.signal.reason)
  }
}

function isAsked(want: Want): boolean {
  for (const answer of want.answers.values()) if (answer === 'asked-block' || answer === 'asked-have') return true
  return false
}
