// How long one request waits: until its client leaves, or nothing has come from the node for the retrieval time-out.

import type { ServerResponse } from 'node:http'
import { CairnError } from '../../src/errors.ts'

export interface Waiting {
  readonly signal: AbortSignal
  /** The time-out runs anew: from now on we wait for the node. */
  forNode(): void
  /** The node has given something; from now on the client is waited for, whom the server's stall timer watches. */
  forClient(): void
}

export function startWaiting(outgoing: ServerResponse, timeoutMs: number): Waiting {
  const controller = new AbortController()
  let isNodesTurn = true
  const timer = setTimeout(() => {
    // The name is what the network looks at to tell a time-out from a client that left.
    if (isNodesTurn) controller.abort(new DOMException(`nothing came within ${timeoutMs} ms`, 'TimeoutError'))
  }, timeoutMs)
  outgoing.once('close', () => {
    clearTimeout(timer)
    if (!outgoing.writableFinished) controller.abort(new CairnError('CANCELLED', 'the client went away'))
  })
  return {
    signal: controller.signal,
    forNode: () => {
      isNodesTurn = true
      timer.refresh()
    },
    forClient: () => {
      isNodesTurn = false
    },
  }
}
