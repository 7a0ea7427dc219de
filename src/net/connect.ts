// Connecting to a peer that a person named, with every failure explained.

import type { Libp2p } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { Wait } from '../block/source.ts'
import { CairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { DialGuard } from './dial-guard.ts'

export interface Connecting {
  readonly libp2p: Libp2p
  readonly dialGuard: Pick<DialGuard, 'allow'>
}

export async function connectPeer(
  { libp2p, dialGuard }: Connecting,
  text: string,
  { signal }: Wait,
): Promise<{ id: string }> {
  const address = parseAddress(text)
  dialGuard.allow(address)
  try {
    // Without a signal a dial with the wrong swarm key may hang (notes: interop §1).
    const limited = AbortSignal.any([signal, AbortSignal.timeout(LIMITS.dialTimeoutMs.value)])
    const connection = await libp2p.dial(address, { signal: limited })
    return { id: connection.remotePeer.toString() }
  } catch (cause) {
    if (signal.aborted && (signal.reason as Error).name !== 'TimeoutError') throw signal.reason
    throw new CairnError('UNREACHABLE', `no connection to ${text}: ${reasonOf(cause)}`, {
      cause,
      tried: [text],
      hint: 'check that the peer runs, that the address is right, and that both are in the same private network, or in none',
    })
  }
}

/** Of one address there is one reason, inside an error that says only that all failed. */
function reasonOf(cause: unknown): string {
  const [first] = cause instanceof AggregateError ? (cause.errors as unknown[]) : []
  const reason = first ?? cause
  return reason instanceof Error ? reason.message : String(reason)
}

function parseAddress(text: string): Multiaddr {
  try {
    return multiaddr(text)
  } catch (cause) {
    throw new CairnError('BAD_REQUEST', `"${text}" is not a multiaddr`, {
      cause,
      hint: 'one looks like /ip4/203.0.113.7/tcp/4001/p2p/12D3Koo…',
    })
  }
}
