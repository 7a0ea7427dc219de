// When a call ends early: the client goes away, or its `timeout` is over (spec: kubo-rpc §1.5).

import type { ServerResponse } from 'node:http'
import { CairnError } from '../../src/errors.ts'

/** Timers above this fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export function callSignal(outgoing: ServerResponse, timeoutMs: number | undefined): AbortSignal {
  const gone = new AbortController()
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) gone.abort(new CairnError('CANCELLED', 'the client went away'))
  })
  if (timeoutMs === undefined || timeoutMs > LONGEST_TIMER_MS) return gone.signal
  return AbortSignal.any([gone.signal, AbortSignal.timeout(Math.max(0, Math.ceil(timeoutMs)))])
}
