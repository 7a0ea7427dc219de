// Connections that come together are shared among the workers: whoever takes one too many waits a moment, for the others to wake up.

import type { Socket } from 'node:net'

/** What it takes to wake a process that sleeps; far less than one that is awake needs to accept all that wait. */
const PAUSE_MS = 0.1
const LOOK_MS = 10
const SHARE = 2
/** More than these are even by their number. */
const FEW = 256

/**
 * All workers accept from one queue, so that one that is busy leaves new connections to the others. But eight that a client
 * opens at once, and then keeps, often went to one of two workers. Where connections end as fast as they come, nobody waits.
 */
export function acceptFairly(): (socket: Socket) => void {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  let open = 0
  let openBefore = 0
  let lookedAt = 0
  const onClose = () => {
    open--
  }
  return socket => {
    open++
    socket.once('close', onClose)
    const now = performance.now()
    if (now - lookedAt > LOOK_MS) {
      openBefore = open
      lookedAt = now
    } else if (open - openBefore >= SHARE && open < FEW) Atomics.wait(cell, 0, 0, PAUSE_MS)
  }
}
