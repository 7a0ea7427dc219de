// How much of the time a collection takes for itself: writers wait for its transactions, so it rests between them.

import { setTimeout } from 'node:timers/promises'
import type { Wait } from '../../block/source.ts'
import type { Transaction } from '../database/database.ts'
import type { Store } from '../store.ts'
import { transactToFree } from './free-room.ts'
import { createPace } from './pace.ts'

export interface ThrottleOptions extends Wait {
  /** Of the time, at most: 0 to 1. */
  readonly share: number
  /** Also when nobody else writes: for a process that serves readers. */
  readonly always: boolean
}

/** After another process has committed, it is taken to go on for so long. */
const CONTENDED_MS = 500
/** Timers are not finer. */
const LEAST_REST_MS = 1
const MOST_REST_MS = 1_000
/** A step that seems to take longer is a process that was stopped, or a lid that was closed: that is no work to rest from. */
const MOST_STEP_MS = 1_000

export class Throttle {
  readonly signal: AbortSignal
  readonly #store: Store
  readonly #share: number
  readonly #always: boolean
  #owedMs = 0
  #version: number
  #contendedUntil = 0
  #turnBegan = performance.now()

  constructor(store: Store, { signal, share, always }: ThrottleOptions) {
    this.signal = signal
    this.#store = store
    this.#share = Math.min(Math.max(share, 0.01), 1)
    this.#always = always
    this.#version = this.#readVersion()
  }

  /** A transaction that frees room, and the rest that it costs. */
  async transact<T>(work: (tx: Transaction) => T): Promise<T> {
    await this.rest()
    let heldMs = 0
    const result = await transactToFree(this.#store, tx => {
      const startedAt = performance.now()
      try {
        return work(tx)
      } finally {
        heldMs = performance.now() - startedAt
      }
    })
    this.worked(heldMs)
    return result
  }

  /** For work that holds no lock, but the processor and the disk. */
  worked(durationMs: number): void {
    this.#owedMs += (Math.min(durationMs, MOST_STEP_MS) * (1 - this.#share)) / this.#share
  }

  /** To be called between small steps; there is a promise if a rest or a turn of the event loop is due. */
  pace(turnMs = 8): Promise<void> | undefined {
    this.signal.throwIfAborted()
    const elapsedMs = performance.now() - this.#turnBegan
    if (elapsedMs < turnMs) return undefined
    this.worked(elapsedMs)
    return this.rest(0)
  }

  async rest(leastMs = LEAST_REST_MS): Promise<void> {
    this.signal.throwIfAborted()
    if (!this.#always && !this.#isContended()) this.#owedMs = 0
    const restMs = Math.min(this.#owedMs, MOST_REST_MS)
    if (restMs >= LEAST_REST_MS) {
      this.#owedMs -= restMs
      await setTimeout(restMs, undefined, { signal: this.signal })
    } else if (leastMs === 0) await setTimeout(0, undefined, { signal: this.signal })
    this.#turnBegan = performance.now()
  }

  #isContended(): boolean {
    const version = this.#readVersion()
    if (version !== this.#version) this.#contendedUntil = performance.now() + CONTENDED_MS
    this.#version = version
    return performance.now() < this.#contendedUntil
  }

  /** Moves when another connection has committed. */
  #readVersion(): number {
    return this.#store.database.get<{ data_version: number }>('PRAGMA data_version')?.data_version ?? 0
  }
}

/** Of work that belongs to a collection or stands alone. */
export interface GcWait extends Wait {
  readonly throttle?: Throttle | undefined
}

export const transactGently = <T>(
  store: Store,
  { throttle }: Pick<GcWait, 'throttle'>,
  work: (tx: Transaction) => T,
): Promise<T> => (throttle === undefined ? transactToFree(store, work) : throttle.transact(work))

export const paceOf = ({ signal, throttle }: GcWait): (() => Promise<void> | undefined) =>
  throttle === undefined ? createPace(signal) : () => throttle.pace()
