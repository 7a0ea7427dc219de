// Waiting for work that others wait for too: whoever loses patience leaves, and the work goes on.

import { CairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'

/** What comes first: the promise, or the end of this caller's patience. */
export async function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** TOO_MANY_REQUESTS if so many questions are under way that another one would only be in their way. */
export function enforceQueue(running: number, what: string): void {
  if (running >= LIMITS.nameLookups.value)
    throw new CairnError('TOO_MANY_REQUESTS', `${running} ${what} are under way already`)
}
