// The exchange of blocks with peers: what we want, what we give, and the wire between, put together before Helia starts.

import type { CID } from 'multiformats/cid'
import type { Wait } from '../block/source.ts'
import type { Config } from '../config/schema.ts'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../observe/log.ts'
import type { Denylist } from '../policy/denylist.ts'
import { guardFetch, type ServedStore } from '../policy/guard.ts'
import { heliaBlockstore } from './blockstore.ts'
import type { CairnHelia } from './helia.ts'
import type { NetworkParts } from './modes.ts'
import { createSearch } from './search.ts'
import { BlockServer } from './serve.ts'
import { createSession } from './session.ts'
import { Wants } from './wants.ts'
import { attachWire, type Wire } from './wire.ts'

export interface ExchangeOptions {
  readonly helia: CairnHelia
  readonly store: ServedStore
  readonly denylist: Denylist
  readonly parts: NetworkParts
  readonly mode: Config['mode']
  readonly log: Logger
  readonly signal: AbortSignal
}

const patient = new AbortController().signal

export function attachExchange({ helia, store, denylist, parts, mode, log, signal }: ExchangeOptions): Wants {
  const wants: Wants = new Wants({
    wire: () => wire,
    log,
    signal,
    search: createSearch({
      helia,
      absent: parts.dht ? undefined : `routing: there is none in mode ${mode}`,
      log,
      signal,
      onFound: session => wants.retry(session),
    }),
  })
  const server = new BlockServer({
    store,
    wire: () => wire,
    log,
    signal,
    onStuck: peer =>
      void helia.libp2p
        .hangUp(peer, { signal: AbortSignal.timeout(LIMITS.dialTimeoutMs.value) })
        .catch(() => undefined),
  })
  const retrieve = guardFetch((cid: CID, wait: Wait) => wants.fetch(cid, createSession(cid), wait), denylist)
  const wire: Wire = attachWire({
    helia,
    blockstore: heliaBlockstore(store),
    bitswap: wireLimits,
    listeners: [wants, server],
    log,
    retrieve: (cid, options) => retrieve(cid, { signal: options?.signal ?? patient }),
  })
  const forget = store.onCommit(multihashes => server.onCommit(multihashes))
  signal.addEventListener('abort', forget, { once: true })
  return wants
}

const wireLimits = {
  maxInboundStreams: LIMITS.streams.value,
  maxOutboundStreams: LIMITS.streams.value,
  maxIncomingMessageSize: LIMITS.messageBytes.value,
  maxOutgoingMessageSize: LIMITS.messageBytes.value,
  messageSendTimeout: LIMITS.messageSendMs.value,
  // A slow link must be able to move one message in this time.
  messageReceiveTimeout: 2 * LIMITS.messageSendMs.value,
  // Both engines bound what they send; this is only Helia's queue below them.
  messageSendConcurrency: LIMITS.servedPeers.value * 4,
  // The ledger is not used; its own cap all the same.
  maxWantlistSize: LIMITS.wantsPerPeer.value,
}
