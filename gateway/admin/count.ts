// Counting what a listener answers: by status, and how many requests are under way.

import type { ServerResponse } from 'node:http'
import { METRICS } from '../../src/observe/metrics.ts'

/** To be called once for each request, before it is answered. */
export function countExchange(outgoing: ServerResponse, listener: 'api' | 'gateway'): void {
  METRICS.httpInFlight.add(1, { listener })
  outgoing.once('close', () => {
    METRICS.httpInFlight.add(-1, { listener })
    METRICS.httpResponses.add(1, { listener, code: String(outgoing.statusCode) })
  })
}
