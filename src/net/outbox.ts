// What is to be told to each peer about our wants: gathered while the last message is on its way, sent as one.

import type { PeerId } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'
import { LIMITS } from '../limits.ts'
import { emptyMessage, type OutgoingMessage, type Wire } from './wire.ts'

export type WantKind = 'block' | 'have' | 'cancel'

export interface OutboxOptions {
  readonly wire: Wire
  /** None of these keys reached the peer. */
  readonly onFailure: (peer: PeerId, keys: readonly string[]) => void
}

interface Pending {
  readonly peer: PeerId
  message: OutgoingMessage
  sending: boolean
}

export class Outbox {
  readonly #options: OutboxOptions
  readonly #pending = new Map<string, Pending>()

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  add(peer: PeerId, key: string, cid: CID, kind: WantKind): void {
    const id = peer.toString()
    let pending = this.#pending.get(id)
    if (pending === undefined) {
      // The first message of a connection is the whole list: what an earlier connection wanted is over.
      pending = { peer, message: { ...emptyMessage(), full: true }, sending: false }
      this.#pending.set(id, pending)
    }
    const { wantlist } = pending.message
    wantlist.set(key, {
      cid: cid.bytes,
      priority: 1,
      cancel: kind === 'cancel',
      wantType: kind === 'have' ? 'WantHave' : 'WantBlock',
      sendDontHave: kind !== 'cancel',
    })
    if (!pending.sending) this.#flushSoon(pending)
  }

  forget(peer: PeerId): void {
    this.#pending.delete(peer.toString())
  }

  #flushSoon(pending: Pending): void {
    pending.sending = true
    // setImmediate, so that all wants which one read of a parent block brings up go out together.
    setImmediate(() => void this.#flush(pending))
  }

  async #flush(pending: Pending): Promise<void> {
    while (pending.message.wantlist.size > 0 && this.#pending.get(pending.peer.toString()) === pending) {
      const { message } = pending
      pending.message = emptyMessage()
      try {
        await this.#options.wire.send(pending.peer, message, AbortSignal.timeout(LIMITS.messageSendMs.value))
      } catch {
        this.#options.onFailure(pending.peer, [...message.wantlist.keys()])
      }
    }
    pending.sending = false
  }
}
