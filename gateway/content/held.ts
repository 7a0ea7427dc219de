// What clients have not taken yet of their answers, in bytes over all of them: memory that the slow ones hold.

import type { ServerResponse } from 'node:http'
import { CairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { METRICS } from '../../src/observe/metrics.ts'

/** Whoever has not taken one chunk in this time makes room for others, where there is none. */
const LONG_MS = 5000
/** Those who come again at once would otherwise have a block read for each that is dropped. */
const BETWEEN_MS = 100

interface Held {
  readonly outgoing: ServerResponse
  readonly since: number
}

/** In the order in which they began to wait. */
const waiting = new Set<Held>()
let heldBytes = 0
let droppedAt = Number.NEGATIVE_INFINITY

/** Until the returned function is called. */
export function hold(outgoing: ServerResponse, bytes: number): () => void {
  const held = { outgoing, since: performance.now() }
  waiting.add(held)
  heldBytes += bytes
  return () => {
    if (waiting.delete(held)) heldBytes -= bytes
  }
}

/** As `hold`, or TOO_MANY_REQUESTS for another long answer while the clients of those under way take their time. */
export function reserve(outgoing: ServerResponse, bytes: number): () => void {
  if (heldBytes > LIMITS.heldBytes.value) makeRoom()
  return hold(outgoing, bytes)
}

function makeRoom(): void {
  METRICS.gatewayRefused.add(1, { why: 'slow' })
  const [longest] = waiting
  const now = performance.now()
  if (longest === undefined || now - longest.since < LONG_MS || now - droppedAt < BETWEEN_MS)
    throw new CairnError('TOO_MANY_REQUESTS', 'too many clients are slow to take what they asked for')
  droppedAt = now
  longest.outgoing.destroy()
}
