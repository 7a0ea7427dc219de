// Asking a peer once more who it is: libp2p asks when a connection opens, and a peer that was busy then stays unknown for good.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Identify } from '@libp2p/identify'
import type { Connection, IdentifyResult, Libp2p } from '@libp2p/interface'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../observe/log.ts'

const ATTEMPTS = 4

export interface IdentifyAgainOptions {
  readonly libp2p: Libp2p
  readonly log: Logger
  readonly signal: AbortSignal
  /** How long a new connection has for libp2p's own attempt; twice that before the next, and so on. */
  readonly firstMs?: number
}

/** Without this answer a connected peer counts as one that does not speak bitswap, and is never asked for anything. */
export function identifyAgain(options: IdentifyAgainOptions): void {
  const { libp2p, signal, firstMs = 2000 } = options
  const unknown = new Map<string, Connection>()
  const onOpen = ({ detail }: CustomEvent<Connection>) => {
    unknown.set(detail.id, detail)
    void askUntilKnown(options, unknown, detail, firstMs)
      .catch(() => undefined)
      .finally(() => unknown.delete(detail.id))
  }
  const onIdentify = ({ detail }: CustomEvent<IdentifyResult>) => void unknown.delete(detail.connection.id)
  const onClose = ({ detail }: CustomEvent<Connection>) => void unknown.delete(detail.id)
  libp2p.addEventListener('connection:open', onOpen)
  libp2p.addEventListener('connection:close', onClose)
  libp2p.addEventListener('peer:identify', onIdentify)
  signal.addEventListener('abort', () => {
    libp2p.removeEventListener('connection:open', onOpen)
    libp2p.removeEventListener('connection:close', onClose)
    libp2p.removeEventListener('peer:identify', onIdentify)
  })
}

async function askUntilKnown(
  { libp2p, log, signal }: IdentifyAgainOptions,
  unknown: ReadonlyMap<string, Connection>,
  connection: Connection,
  firstMs: number,
): Promise<void> {
  const { identify } = libp2p.services as { identify: Identify }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await sleep(firstMs * 2 ** attempt, undefined, { signal, ref: false })
    if (!unknown.has(connection.id)) return
    const peer = connection.remotePeer.toString()
    try {
      await identify.identify(connection, { signal: AbortSignal.timeout(LIMITS.dialTimeoutMs.value) })
      return
    } catch (error) {
      log.debug('a peer does not say who it is', { peer, err: error })
    }
  }
}
