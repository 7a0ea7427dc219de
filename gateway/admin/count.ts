// Counting what a listener answers: by status, and how many requests are under way.

import type { ServerResponse } from 'node:http'
import { METRICS } from '../../src/observe/metrics.ts'

/** To be called once for each request, before it is answered. `place` is left when the answer has gone: one listener for both. */
export function countExchange(outgoing: ServerResponse, listener: 'api' | 'gateway', place?: { leave(): void }): void {
  METRICS.httpInFlight.add(1, { listener })
  outgoing.once('close', () => {
    place?.leave()
    METRICS.httpInFlight.add(-1, { listener })
    METRICS.httpResponses.add(1, { listener, code: String(outgoing.statusCode) })
  })
}
