// A number of places: who comes when all are taken waits for its turn.

export class Slots {
  readonly #width: number
  readonly #line: (() => void)[] = []
  #taken = 0

  constructor(width: number) {
    this.#width = width
  }

  get taken(): number {
    return this.#taken
  }

  /** In the order of coming; rejects with the signal's reason. Disposing the result gives the place back. */
  async enter(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted()
    if (this.#taken < this.#width) this.#taken++
    else await this.#wait(signal)
    let held = true
    return {
      [Symbol.dispose]: () => {
        if (!held) return
        held = false
        // Handed on without becoming free in between: nobody overtakes.
        const next = this.#line.shift()
        if (next === undefined) this.#taken--
        else next()
      },
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = () => {
        signal.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = () => {
        const at = this.#line.indexOf(turn)
        if (at !== -1) this.#line.splice(at, 1)
        reject(signal.reason)
      }
      signal.addEventListener('abort', giveUp, { once: true })
      this.#line.push(turn)
    })
  }
}
