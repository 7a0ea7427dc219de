// One write to a response, awaited: what follows starts when the bytes are out of our hands, or the client is gone.

import type { ServerResponse } from 'node:http'

/** Resolves when the chunk may be reused. Rejects with the signal's reason when the client leaves meanwhile. */
export function write(outgoing: ServerResponse, chunk: Uint8Array | string, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    outgoing.write(chunk, error => {
      signal.removeEventListener('abort', leave)
      if (error) reject(error)
      else resolve()
    })
  })
}
