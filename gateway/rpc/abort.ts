// When a call ends early: the client goes away, or its `timeout` is over (spec: kubo-rpc §1.5).

import type { ServerResponse } from 'node:http'
import { CairnError } from '../../src/errors.ts'

/** Timers above this fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * One controller that the response holds. `AbortSignal.any` holds its sources weakly: a timeout signal in it that nobody
 * listens to yet can be collected as garbage, and then never fires.
 */
export function callSignal(outgoing: ServerResponse, timeoutMs: number | undefined): AbortSignal {
  const ended = new AbortController()
  const timer =
    timeoutMs === undefined || timeoutMs > LONGEST_TIMER_MS
      ? undefined
      : setTimeout(() => ended.abort(new DOMException('the time of the call is over', 'TimeoutError')), timeoutMs)
  outgoing.once('close', () => {
    clearTimeout(timer)
    if (!outgoing.writableFinished) ended.abort(new CairnError('CANCELLED', 'the client went away'))
  })
  return ended.signal
}
