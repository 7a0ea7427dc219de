// A libp2p stream in the shape of a socket, as Node's HTTP server wants one: back-pressure both ways, and a time-out.

import { Duplex } from 'node:stream'
import type { Stream, StreamMessageEvent } from '@libp2p/interface'

/** What has been sent may take so long to leave. */
const CLOSE_MS = 10_000

export class StreamSocket extends Duplex {
  /** As sockets count them. */
  bytesRead = 0
  readonly #stream: Stream
  #idleMs = 0
  #idle: NodeJS.Timeout | undefined

  constructor(stream: Stream) {
    super({ allowHalfOpen: true })
    this.#stream = stream
    stream.addEventListener('message', ({ data }: StreamMessageEvent) => {
      const bytes = data instanceof Uint8Array ? data : data.subarray()
      this.bytesRead += bytes.byteLength
      this.#touch()
      if (!this.push(bytes)) stream.pause()
    })
    stream.addEventListener('remoteCloseWrite', () => this.push(null), { once: true })
    stream.addEventListener('close', ({ error }) => this.destroy(error), { once: true })
  }

  setTimeout(ms: number, onTimeout?: () => void): this {
    this.#idleMs = ms
    if (onTimeout !== undefined) this.once('timeout', onTimeout)
    this.#touch()
    return this
  }

  /** When all that was written has left. */
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  override _read(): void {
    this.#stream.resume()
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.#touch()
    try {
      if (this.#stream.send(chunk)) done()
      else this.#stream.onDrain().then(() => done(), done)
    } catch (error) {
      done(error as Error)
    }
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream.close({ signal: AbortSignal.timeout(CLOSE_MS) }).then(() => done(), done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#idle)
    // A reset would take from the peer what it has not read yet.
    if (error === null && this.writableFinished) void this.#stream.closeRead().catch(() => undefined)
    else this.#stream.abort(error ?? new Error('the connection was closed'))
    done(error)
  }

  #touch(): void {
    clearTimeout(this.#idle)
    if (this.#idleMs > 0) this.#idle = setTimeout(() => this.emit('timeout'), this.#idleMs).unref()
  }
}
