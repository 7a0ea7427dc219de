// Requests that a client sends without waiting for answers: taken up one after the other, so that one connection is never many readers at once.

import type { Socket } from 'node:net'

/** While so many wait nothing more is read of the connection. */
const MOST_WAITING = 32

export class Line {
  readonly #waiting = new Map<Socket, (() => void)[]>()

  /** Something that came before on this connection is still being answered. */
  wait(socket: Socket, serve: () => void): void {
    const waiting = this.#waiting.get(socket)
    if (waiting === undefined) this.#waiting.set(socket, [serve])
    else waiting.push(serve)
    if (waiting !== undefined && waiting.length >= MOST_WAITING) socket.pause()
  }

  /** An answer has ended, in whatever way. */
  leave(socket: Socket): void {
    const waiting = this.#waiting.get(socket)
    if (waiting === undefined) return
    const next = socket.destroyed ? undefined : waiting.shift()
    if (next === undefined || waiting.length === 0) this.#waiting.delete(socket)
    if (next === undefined) return
    if (waiting.length < MOST_WAITING && socket.isPaused()) socket.resume()
    next()
  }
}
