// Trace context (W3C): who sends one gets it back, so that an answer can be joined with the request that caused it.

import type { IncomingMessage, ServerResponse } from 'node:http'

const PARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/
/** What the recommendation asks to be passed on at least; printable ASCII. */
const STATE = /^[\x20-\x7e]{1,512}$/

/** What is malformed is not sent back; a state means nothing without its parent. */
export function echoTrace({ headers }: IncomingMessage, outgoing: ServerResponse): void {
  const { traceparent, tracestate } = headers
  if (typeof traceparent !== 'string' || !PARENT.test(traceparent)) return
  outgoing.setHeader('Traceparent', traceparent)
  if (typeof tracestate === 'string' && STATE.test(tracestate)) outgoing.setHeader('Tracestate', tracestate)
}
