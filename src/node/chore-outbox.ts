// The events of one chore on their way to the main thread: in batches, and no more of them than are consumed there.

import { BATCH_EVENTS, BATCH_MS, BATCHES_AHEAD } from './chore-message.ts'

export class ChoreOutbox {
  readonly #send: (events: readonly unknown[]) => void
  readonly #signal: AbortSignal
  #batch: unknown[] = []
  #ahead = 0
  #timer: NodeJS.Timeout | undefined
  #waiting: PromiseWithResolvers<void> | undefined

  constructor(send: (events: readonly unknown[]) => void, signal: AbortSignal) {
    this.#send = send
    this.#signal = signal
    signal.addEventListener('abort', () => this.#waiting?.resolve(), { once: true })
  }

  /** The promise, if there is one, ends when there is room for more. */
  add(event: unknown): Promise<void> | undefined {
    this.#batch.push(event)
    if (this.#batch.length < BATCH_EVENTS) {
      this.#timer ??= setTimeout(() => this.flush(), BATCH_MS)
      return undefined
    }
    this.flush()
    if (this.#ahead < BATCHES_AHEAD || this.#signal.aborted) return undefined
    this.#waiting = Promise.withResolvers()
    return this.#waiting.promise
  }

  consumed(): void {
    this.#ahead--
    this.#waiting?.resolve()
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#batch.length === 0) return
    this.#ahead++
    this.#send(this.#batch)
    this.#batch = []
  }
}
