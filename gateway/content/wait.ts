// How long one request waits: until its client leaves, or nothing has come from the node for the retrieval time-out.

import type { ServerResponse } from 'node:http'
import { CairnError } from '../../src/errors.ts'

/** Nothing is set up before somebody asks for the signal: most answers are at hand. */
export class Waiting {
  readonly #outgoing: ServerResponse
  readonly #timeoutMs: number
  #controller: AbortController | undefined
  #timer: NodeJS.Timeout | undefined
  #isNodesTurn = true

  constructor(outgoing: ServerResponse, timeoutMs: number) {
    this.#outgoing = outgoing
    this.#timeoutMs = timeoutMs
  }

  get signal(): AbortSignal {
    this.#controller ??= this.#start()
    return this.#controller.signal
  }

  /** The time-out runs anew: from now on we wait for the node. */
  forNode(): void {
    this.#isNodesTurn = true
    this.#timer?.refresh()
  }

  /** The node has given something; from now on the client is waited for, whom the server's stall timer watches. */
  forClient(): void {
    this.#isNodesTurn = false
  }

  #start(): AbortController {
    const controller = new AbortController()
    const outgoing = this.#outgoing
    const gone = () => controller.abort(new CairnError('CANCELLED', 'the client went away'))
    if (outgoing.destroyed) {
      gone()
      return controller
    }
    this.#timer = setTimeout(() => {
      // The name is what the network looks at to tell a time-out from a client that left.
      const reason = new DOMException(`nothing came within ${this.#timeoutMs} ms`, 'TimeoutError')
      if (this.#isNodesTurn) controller.abort(reason)
    }, this.#timeoutMs)
    outgoing.once('close', () => {
      clearTimeout(this.#timer)
      if (!outgoing.writableFinished) gone()
    })
    return controller
  }
}
