// Bitswap's wire as Helia speaks it (framing, codec, streams), without Helia's want list and ledger, which are ours.

import { type BitswapOptions, withBitswap } from '@helia/bitswap'
import type { BlockBroker, HeliaMixin } from '@helia/interface'
import type { Connection, PeerId } from '@libp2p/interface'
import type { Blockstore } from 'interface-blockstore'
import type { Logger } from '../observe/log.ts'
import type { CairnHelia } from './helia.ts'

export interface WantEntry {
  readonly cid: Uint8Array
  readonly priority: number
  readonly cancel?: boolean
  readonly wantType?: 'WantBlock' | 'WantHave'
  readonly sendDontHave?: boolean
}
export interface WireBlock {
  /** CID version, codec, hash function and digest length, as varints. */
  readonly prefix: Uint8Array
  readonly data: Uint8Array
}
export interface Presence {
  readonly cid: Uint8Array
  readonly type: 'HaveBlock' | 'DoNotHaveBlock'
}
export interface IncomingMessage {
  readonly wantlist?: { readonly full?: boolean; readonly entries: readonly WantEntry[] }
  readonly blocks: readonly WireBlock[]
  readonly blockPresences: readonly Presence[]
}
/** Keyed by multihash, so that a later entry for a block replaces an earlier one that was not sent yet. */
export interface OutgoingMessage {
  full: boolean
  pendingBytes: number
  readonly wantlist: Map<string, WantEntry>
  readonly blocks: Map<string, WireBlock>
  readonly blockPresences: Map<string, Presence>
}

export interface WireListener {
  onMessage(peer: PeerId, message: IncomingMessage): void
  onConnect(peer: PeerId): void
  onDisconnect(peer: PeerId): void
}

export interface Wire {
  /** Resolves when the peer's stream has taken the message; rejects when it could not be dialled or reset it, or `signal` fired. */
  send(peer: PeerId, message: OutgoingMessage, signal: AbortSignal): Promise<void>
}

export interface WireOptions {
  readonly helia: CairnHelia
  readonly blockstore: Blockstore
  readonly bitswap: BitswapOptions
  readonly listeners: readonly WireListener[]
  readonly log: Logger
  /** What Helia's users get blocks through. */
  readonly retrieve: NonNullable<BlockBroker['retrieve']>
}

interface ProgressEvent {
  readonly type: string
  readonly detail: { readonly error: Error }
}

/** What we use of @helia/bitswap's broker below its types (4.0.19). */
interface BrokerInternals extends BlockBroker {
  stop(): Promise<void>
  readonly bitswap: {
    readonly network: {
      addEventListener(
        type: 'bitswap:message',
        listener: (event: CustomEvent<{ message: IncomingMessage; connection: Connection }>) => void,
      ): void
      addEventListener(
        type: 'peer:connected' | 'peer:disconnected',
        listener: (event: CustomEvent<PeerId>) => void,
      ): void
      sendMessage(
        peer: PeerId,
        message: OutgoingMessage,
        options: { signal: AbortSignal; onProgress: (event: ProgressEvent) => void },
      ): Promise<void>
    }
    readonly wantList: { receiveMessage(): Promise<void> }
    readonly peerWantLists: { receiveMessage(): void }
  }
}

/** To be called before `helia.start()`: the protocol is registered while Helia starts. */
export function attachWire({ helia, blockstore, bitswap, listeners, log, retrieve }: WireOptions): Wire {
  let inner: BrokerInternals | undefined
  const adopt = (broker: BlockBroker): void => {
    inner = broker as BrokerInternals
    listen(inner.bitswap, { listeners, log })
    // Bitswap's own event misses peers that never said they speak it.
    helia.libp2p.addEventListener('peer:disconnect', ({ detail }) => {
      for (const listener of listeners) listener.onDisconnect(detail)
    })
    // A peer that connected between the start of libp2p and this line would go unseen.
    for (const peer of helia.libp2p.getPeers()) for (const listener of listeners) listener.onConnect(peer)
    helia.addBlockBroker({ name: 'bitswap', retrieve, stop: () => inner?.stop() } as BlockBroker)
  }
  // Helia's own mixin, applied to a view of Helia that has our store in place of its locking one, and hands its broker to us.
  let mixin: HeliaMixin | undefined
  withBitswap({ addMixin: (made: HeliaMixin) => (mixin = made) } as Pick<CairnHelia, 'addMixin'> as CairnHelia, bitswap)
  const view = (): CairnHelia =>
    Object.create(Object.getPrototypeOf(helia), {
      ...Object.getOwnPropertyDescriptors(helia),
      blockstore: { value: blockstore, enumerable: true },
      addBlockBroker: { value: adopt },
    })
  helia.addMixin({ name: 'bitswap', start: () => mixin?.start?.(view()) })
  return {
    send: async (peer, message, signal) => {
      signal.throwIfAborted()
      let failed: Error | undefined
      // Helia logs what goes wrong once the stream is open, and resolves; only its progress events tell.
      const onProgress = ({ type, detail }: ProgressEvent) => {
        if (type === 'bitswap:send-wantlist:error') failed = detail.error
      }
      await inner?.bitswap.network.sendMessage(peer, message, { signal, onProgress })
      if (failed !== undefined) throw failed
    },
  }
}

/** Helia's engines forget early wants, never cancel, and let a peer that does not read hold everyone up (notes: interop §4). */
function listen(
  { network, wantList, peerWantLists }: BrokerInternals['bitswap'],
  { listeners, log }: Pick<WireOptions, 'listeners' | 'log'>,
): void {
  wantList.receiveMessage = async () => {}
  peerWantLists.receiveMessage = () => {}
  network.addEventListener('bitswap:message', ({ detail }) => {
    const peer = detail.connection.remotePeer
    try {
      for (const listener of listeners) listener.onMessage(peer, detail.message)
    } catch (error) {
      // Whatever a peer sends must not become an uncaught exception, which is what a throw in an event listener is.
      log.debug('a bitswap message made no sense', { peer: peer.toString(), err: error })
      detail.connection.abort(error as Error)
    }
  })
  network.addEventListener('peer:connected', ({ detail }) => {
    for (const listener of listeners) listener.onConnect(detail)
  })
  network.addEventListener('peer:disconnected', ({ detail }) => {
    for (const listener of listeners) listener.onDisconnect(detail)
  })
}

export const emptyMessage = (): OutgoingMessage => ({
  full: false,
  pendingBytes: 0,
  wantlist: new Map(),
  blocks: new Map(),
  blockPresences: new Map(),
})
