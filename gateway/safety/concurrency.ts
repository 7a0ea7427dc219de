// How many requests are answered at once, and how many wait for the network: counted apart, so that what is here is given while others wait.

import { CairnError } from '../../src/errors.ts'
import { METRICS } from '../../src/observe/metrics.ts'

export interface Capacity {
  /** Not counting those that wait for the network. */
  readonly maxRequests: number
  readonly maxRetrievals: number
  /** Part of each that one network of clients may hold, from 0 to 1. */
  readonly share: number
}

interface Held {
  requests: number
  retrievals: number
}

export type Full = 'requests' | 'share'

export class Concurrency {
  readonly capacity: Capacity
  readonly #byNetwork = new Map<string, Held>()
  #requests = 0
  #retrievals = 0

  constructor(capacity: Capacity) {
    this.capacity = capacity
  }

  get requests(): number {
    return this.#requests
  }

  get retrievals(): number {
    return this.#retrievals
  }

  /** A place, or why there is none. Without a network nobody's share is counted. */
  enter(network: string | undefined): Place | Full {
    const { maxRequests, share } = this.capacity
    if (this.#requests >= maxRequests) return 'requests'
    if (network === undefined || share >= 1) {
      this.#requests++
      return new Place(this, undefined)
    }
    let held = this.#byNetwork.get(network)
    if (held === undefined) {
      held = { requests: 0, retrievals: 0 }
      this.#byNetwork.set(network, held)
    } else if (held.requests >= atLeastOne(maxRequests * share)) return 'share'
    this.#requests++
    held.requests++
    return new Place(this, held, network)
  }

  /** From now on it waits for the network. TOO_MANY_REQUESTS if too many do. */
  beginRetrieval(held: Held | undefined): void {
    const { maxRetrievals, share } = this.capacity
    if (this.#retrievals >= maxRetrievals) throw tooMany('retrievals', 'too many requests wait for the network')
    if (held !== undefined && held.retrievals >= atLeastOne(maxRetrievals * share))
      throw tooMany('retrievals-share', 'too many requests of your network wait for content from elsewhere')
    this.#retrievals++
    this.#requests--
    if (held !== undefined) {
      held.retrievals++
      held.requests--
    }
    METRICS.gatewayRetrieving.add(1)
  }

  endRetrieval(held: Held | undefined): void {
    this.#retrievals--
    // It goes on even if others have taken its place meanwhile: what was fetched for it is here.
    this.#requests++
    if (held !== undefined) {
      held.retrievals--
      held.requests++
    }
    METRICS.gatewayRetrieving.add(-1)
  }

  leave(held: Held | undefined, network: string): void {
    this.#requests--
    if (held === undefined) return
    held.requests--
    if (held.requests <= 0 && held.retrievals <= 0) this.#byNetwork.delete(network)
  }
}

const atLeastOne = (value: number): number => Math.max(1, Math.floor(value))

function tooMany(why: string, message: string): CairnError {
  METRICS.gatewayRefused.add(1, { why })
  return new CairnError('TOO_MANY_REQUESTS', message)
}

/** Of one request, until its answer has gone. */
export class Place {
  readonly #of: Concurrency
  readonly #held: Held | undefined
  readonly #network: string
  #waits = 0
  #hasLeft = false

  constructor(of: Concurrency, held: Held | undefined, network = '') {
    this.#of = of
    this.#held = held
    this.#network = network
  }

  begin(): void {
    if (this.#hasLeft) return
    if (this.#waits === 0) this.#of.beginRetrieval(this.#held)
    this.#waits++
  }

  end(): void {
    if (this.#hasLeft || this.#waits === 0) return
    this.#waits--
    if (this.#waits === 0) this.#of.endRetrieval(this.#held)
  }

  leave(): void {
    if (this.#hasLeft) return
    if (this.#waits > 0) this.#of.endRetrieval(this.#held)
    this.#hasLeft = true
    this.#of.leave(this.#held, this.#network)
  }
}
