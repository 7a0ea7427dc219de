// The write mutex: `write.lock`, polled fairly, because SQLite's own busy handler starves writers (spec: store §2.2).

import { setImmediate, setTimeout } from 'node:timers/promises'
import { CairnError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { KernelLock, lockHolder } from './kernel-lock.ts'
import { sleep } from './sleep.ts'
import type { StopGate } from './stop-gate.ts'

/** `timer`: the event loop goes on while it waits. `block`: the thread sleeps; for worker threads. */
export type Waiting = 'timer' | 'block'

/** After this much holding, one pause gives those who poll a chance: a bulk writer would always be back first. */
const GREED_MS = 5
const PAUSE_MS = 0.6

export interface WriteLockOptions {
  readonly file: string
  readonly waiting: Waiting
  readonly patienceMs?: number | undefined
  /** Entered for as long as the lock is held. */
  readonly gate?: StopGate | undefined
}

export class WriteLock implements Disposable {
  readonly #lock: KernelLock
  readonly #waiting: Waiting
  readonly #patienceMs: number
  readonly #gate: StopGate | undefined
  #heldMs = 0

  constructor({ file, waiting, patienceMs, gate }: WriteLockOptions) {
    this.#lock = new KernelLock(file)
    this.#gate = gate
    this.#waiting = waiting
    this.#patienceMs = patienceMs ?? LIMITS.lockWaitMs.value
  }

  /** Runs `work` under the mutex as soon as it can be had and `begin`, tried under it, succeeds too. `work` never waits. */
  async run<T>(begin: () => boolean, work: () => T): Promise<T> {
    const startedAt = performance.now()
    if (this.#heldMs > GREED_MS) {
      this.#heldMs = 0
      await this.#pause(PAUSE_MS)
    }
    for (;;) {
      const taken = this.#attempt(begin, work)
      if (taken !== undefined) return taken.result
      this.#checkPatience(startedAt)
      await this.#pause(0.2 + Math.random() * 0.3)
    }
  }

  /** The same, with the thread asleep in between: for opening, which is synchronous. */
  runBlocking<T>(begin: () => boolean, work: () => T): T {
    const startedAt = performance.now()
    for (;;) {
      const taken = this.#attempt(begin, work)
      if (taken !== undefined) return taken.result
      this.#checkPatience(startedAt)
      sleep(0.2 + Math.random() * 0.3)
    }
  }

  #attempt<T>(begin: () => boolean, work: () => T): { result: T } | undefined {
    this.#gate?.enter()
    try {
      if (!this.#lock.take()) return undefined
      const takenAt = performance.now()
      try {
        return begin() ? { result: work() } : undefined
      } finally {
        this.#lock.giveBack()
        this.#heldMs += performance.now() - takenAt
      }
    } finally {
      this.#gate?.leave()
    }
  }

  async #pause(durationMs: number): Promise<void> {
    if (this.#waiting === 'block') {
      sleep(durationMs)
      return
    }
    // Timers of the event loop are 1 ms and more: two of its turns first, so that a short wait stays short.
    await setImmediate()
    await setImmediate()
    if (Math.random() < durationMs) await setTimeout(1)
  }

  #checkPatience(startedAt: number): void {
    const waitedMs = performance.now() - startedAt
    if (waitedMs < this.#patienceMs) return
    const pid = lockHolder(this.#lock.file)
    const who = pid === undefined ? 'another process' : `process ${pid}`
    throw new CairnError(
      'REPO_LOCKED',
      `${who} has held the write lock of this repository for ${Math.round(waitedMs / 1000)} s`,
      {
        hint:
          pid === undefined
            ? 'it may be stopped: look for it with ps'
            : `if it is stopped, let it go on: kill -CONT ${pid}`,
      },
    )
  }

  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]()
  }
}
