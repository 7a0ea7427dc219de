// A counting gate: so many at once, the others wait in line, and the line itself has an end.

import { CairnError } from '../errors.ts'

export interface GateOptions {
  readonly width: number
  readonly line: number
  readonly what: string
}

export class Gate {
  readonly #options: GateOptions
  readonly #line = new Set<() => void>()
  #inside = 0

  constructor(options: GateOptions) {
    this.#options = options
  }

  /** Resolves when there is room; each pass is given back with `leave`. */
  async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#inside < this.#options.width) {
      this.#inside++
      return
    }
    if (this.#line.size >= this.#options.line) {
      throw new CairnError('TOO_MANY_REQUESTS', `more than ${this.#options.line} ${this.#options.what} are waiting`)
    }
    await new Promise<void>((resolve, reject) => {
      const turn = () => {
        signal.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = () => {
        this.#line.delete(turn)
        reject(signal.reason)
      }
      this.#line.add(turn)
      signal.addEventListener('abort', giveUp, { once: true })
    })
  }

  leave(): void {
    const [next] = this.#line
    if (next === undefined) {
      this.#inside--
      return
    }
    this.#line.delete(next)
    next()
  }
}
