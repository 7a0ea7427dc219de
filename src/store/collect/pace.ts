// Long synchronous work that lets the event loop have its turn: nobody waits for a collection, a check or a walk.

import { setImmediate } from 'node:timers/promises'

/** To be called between small steps; the promise, if there is one, is to be awaited. Throws once `signal` has aborted. */
export function createPace(signal: AbortSignal, turnMs = 8): () => Promise<void> | undefined {
  let turnBegan = performance.now()
  return () => {
    signal.throwIfAborted()
    if (performance.now() - turnBegan < turnMs) return undefined
    return setImmediate().then(() => {
      turnBegan = performance.now()
    })
  }
}
