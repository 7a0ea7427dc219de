// How long one request waits: until its client leaves, nothing has come from the node for the retrieval time-out, or it has taken too long in all.

import type { ServerResponse } from 'node:http'
import type { CID } from 'multiformats/cid'
import { observeWaiting, type WaitObserver } from '../../src/block/waiting.ts'
import { CairnError } from '../../src/errors.ts'

/** What a request waits for, as its answer names it. */
export type Phase = 'name' | 'path' | 'content'

export interface WaitLimits {
  /** For the whole answer; 0 or nothing: as long as bytes flow. */
  readonly maxMs?: number
  /** Told while the network is waited for; `begin` throws if too many do so. */
  readonly place?: { begin(): void; end(): void }
}

/** Nothing is set up before somebody asks for the signal: most answers are at hand. */
export class Waiting implements WaitObserver {
  phase: Phase = 'path'
  /** The block that was last asked of others. */
  missing: CID | undefined
  readonly #outgoing: ServerResponse
  readonly #timeoutMs: number
  readonly #limits: WaitLimits
  #controller: AbortController | undefined
  #timer: NodeJS.Timeout | undefined
  #startedAt = 0
  #isNodesTurn = true

  constructor(outgoing: ServerResponse, timeoutMs: number, limits: WaitLimits = {}) {
    this.#outgoing = outgoing
    this.#timeoutMs = timeoutMs
    this.#limits = limits
  }

  get signal(): AbortSignal {
    this.#controller ??= this.#start()
    return this.#controller.signal
  }

  /** The time-out runs anew: from now on we wait for the node. */
  forNode(): void {
    this.#isNodesTurn = true
    this.#timer?.refresh()
    const { maxMs = 0 } = this.#limits
    // Between two chunks is often enough: a client that takes none, and a node that gives none, have time-outs of their own.
    if (maxMs > 0 && this.#controller !== undefined && performance.now() - this.#startedAt > maxMs)
      this.#controller.abort(timeout(`the answer was not done within ${maxMs} ms`))
  }

  /** The node has given something; from now on the client is waited for, whom the server's stall timer watches. */
  forClient(): void {
    this.#isNodesTurn = false
  }

  begin(cid: CID): void {
    this.missing = cid
    this.#limits.place?.begin()
  }

  end(): void {
    this.#limits.place?.end()
  }

  /** What takes longer than a moment is a wait for the network, too. */
  async lookUp<T>(work: Promise<T>): Promise<T> {
    const { place } = this.#limits
    if (place === undefined) return work
    let hasBegun = false
    const later = setImmediate(() => {
      try {
        place.begin()
        hasBegun = true
      } catch (error) {
        this.#controller?.abort(error)
      }
    })
    try {
      const found = await work
      this.#controller?.signal.throwIfAborted()
      return found
    } finally {
      clearImmediate(later)
      if (hasBegun) place.end()
    }
  }

  #start(): AbortController {
    const controller = new AbortController()
    const outgoing = this.#outgoing
    const gone = () => controller.abort(new CairnError('CANCELLED', 'the client went away'))
    if (outgoing.destroyed) {
      gone()
      return controller
    }
    observeWaiting(controller.signal, this)
    const { maxMs = 0 } = this.#limits
    const firstMs = maxMs > 0 ? Math.min(this.#timeoutMs, maxMs) : this.#timeoutMs
    this.#startedAt = performance.now()
    this.#timer = setTimeout(() => {
      if (this.#isNodesTurn) controller.abort(timeout(`nothing came within ${firstMs} ms`))
    }, firstMs)
    outgoing.once('close', () => {
      clearTimeout(this.#timer)
      if (!outgoing.writableFinished) gone()
    })
    return controller
  }
}

/** The name is what the network looks at to tell a time-out from a client that left. */
const timeout = (message: string): DOMException => new DOMException(message, 'TimeoutError')
