// A pin and how far it has come, as a document of the RPC; Kubo has no such command, so the names are ours.

import type { CID } from 'multiformats/cid'
import type { Pin, PinState } from '../../src/api/pins.ts'

export interface PinDocument {
  readonly Id: number
  readonly Cid: string
  readonly Type: string
  readonly Name: string
  readonly Owner: string
  readonly Labels: Readonly<Record<string, string>>
  readonly Status: string
  /** ISO 8601, as all times here. */
  readonly Created: string
  readonly Expires?: string
  readonly Priority: number
  readonly Attempts: number
  readonly RetryAt?: string
  readonly Error?: string
  /** Of a pin that this node is making now. */
  readonly Progress?: PinState
}

export function pinDocument(pin: Pin, state: PinState | undefined, formatCid: (cid: CID) => string): PinDocument {
  const time = (ms: number): string => new Date(ms).toISOString()
  return {
    Id: pin.id,
    Cid: formatCid(pin.cid),
    Type: pin.mode,
    Name: pin.name,
    Owner: pin.owner,
    Labels: pin.labels,
    Status: pin.status,
    Created: time(pin.created),
    ...(pin.expires !== undefined && { Expires: time(pin.expires) }),
    Priority: pin.priority,
    Attempts: pin.attempts,
    ...(pin.retryAt !== undefined && { RetryAt: time(pin.retryAt) }),
    ...(pin.error !== '' && { Error: pin.error }),
    ...(state !== undefined && { Progress: state }),
  }
}
