// The queue of pins: what waits in the table is claimed, walked and settled, some at a time, whatever process asked for it (design §5).

import type { Pin } from '../api/pins.ts'
import type { Wait } from '../block/source.ts'
import { isCairnError } from '../errors.ts'
import { type Asked, pinComplete, reasonOf } from './add.ts'
import { claimNext } from './claim.ts'
import { certainNow, pauseMs } from './clock.ts'
import { dropExpired, nextExpiry } from './expiry.ts'
import type { PinsContext } from './pins-context.ts'
import * as rows from './rows.ts'
import * as statements from './statements.ts'
import { isFinal, walkRow } from './walk-row.ts'

/** Resolves when the row is durable. One that has failed before begins anew. */
export async function enqueuePin(context: PinsContext, asked: Asked): Promise<Pin> {
  const { store } = context
  const { key, meta } = asked
  context.refuse(key.cid)
  for (;;) {
    const complete = await pinComplete(context, asked)
    if (complete !== undefined) return complete
    await store.write([
      statements.renewStatement(key, meta),
      statements.enqueueStatement(key, meta),
      statements.dropFailedStatement(key),
      statements.BUMP_ROOTS,
    ])
    // It may be complete, or removed, before we look.
    const [pin] = rows.selectPins(store.database, { ...key }, 0, 1)
    if (pin !== undefined) return pin
  }
}

/** Looks again at least so often: other processes' commits are told, the time is not. */
const LOOK_MS = 60_000
/** Commits come in bursts. */
const QUIET_MS = 50

/** Until `signal` aborts; what is under way then goes back into the queue. */
export async function workQueue(context: PinsContext, { signal }: Wait): Promise<void> {
  const { store, log } = context
  const worker = new QueueWorker(context, signal)
  const forget = store.onCommit(() => worker.wake())
  signal.addEventListener('abort', () => worker.wake(), { once: true })
  try {
    // A disk that has failed under this process takes nothing more, and only a restart changes that.
    while (!signal.aborted && !store.database.readOnly) {
      await worker.round().catch(error => log.warn('the queue of pins could not go on', { err: error }))
      await worker.sleep()
    }
  } finally {
    forget()
    await worker.idle()
  }
}

class QueueWorker {
  readonly #context: PinsContext
  readonly #signal: AbortSignal
  readonly #running = new Set<Promise<void>>()
  /** Rows whose end could not be written (a full disk), by the steady clock. */
  readonly #resting = new Map<number, number>()
  #woken = Promise.withResolvers<void>()

  constructor(context: PinsContext, signal: AbortSignal) {
    this.#context = context
    this.#signal = signal
  }

  wake(): void {
    this.#woken.resolve()
  }

  async idle(): Promise<void> {
    await Promise.all(this.#running)
  }

  /** Until something has changed, or it is time for the next try or the next end. */
  async sleep(): Promise<void> {
    const timer = setTimeout(() => this.wake(), this.#untilNext())
    await this.#woken.promise
    clearTimeout(timer)
    if (this.#signal.aborted) return
    await new Promise(resolve => setTimeout(resolve, QUIET_MS))
    this.#woken = Promise.withResolvers()
  }

  #untilNext(): number {
    const { store, clock } = this.#context
    const sql = 'SELECT min(retry_at) AS at FROM pins WHERE status < 2 AND retry_at > ?'
    const now = clock.steady()
    const retryAt = store.database.get<{ at: number | null }>(sql, now)?.at ?? Number.POSITIVE_INFINITY
    const expiresAt = nextExpiry(store.database) ?? Number.POSITIVE_INFINITY
    return Math.max(0, Math.min(LOOK_MS, retryAt - now, expiresAt - certainNow(clock)))
  }

  /** Takes as many as there are places for. */
  async round(): Promise<void> {
    const { store, concurrency, clock, backoff, log } = this.#context
    const expired = await dropExpired(store, certainNow(clock))
    if (expired > 0) log.info('pins have expired', { expired })
    await healRetries(this.#context, backoff)
    while (this.#running.size < concurrency && !this.#signal.aborted) {
      const isResting = (id: number) => (this.#resting.get(id) ?? 0) > clock.steady()
      const claimed = await claimNext(this.#context, isResting, this.#signal)
      if (claimed === undefined) return
      const walk = this.#walk(claimed).finally(() => {
        this.#running.delete(walk)
        this.wake()
      })
      this.#running.add(walk)
    }
  }

  async #walk({ pin, operation }: NonNullable<Awaited<ReturnType<typeof claimNext>>>): Promise<void> {
    const { log, patienceMs } = this.#context
    await using _ = operation
    const { id, cid, mode, name, owner } = pin
    try {
      await walkRow(this.#context, { id, operation, key: { cid, mode, name, owner }, signal: this.#signal, patienceMs })
      log.info('pinned', { cid: String(cid), id })
    } catch (error) {
      await this.#settle(pin, operation.id, error)
    }
  }

  async #settle(pin: Pin, walker: number, error: unknown): Promise<void> {
    const { store, log, clock, backoff } = this.#context
    // Removed, or completed by somebody else meanwhile.
    if (isCairnError(error, 'NOT_PINNED')) return
    const { id, cid, mode, name, owner } = pin
    const retryAt = Math.round(clock.steady() + pauseMs(pin.attempts, backoff))
    this.#resting.set(id, retryAt)
    try {
      if (this.#signal.aborted) await store.write([statements.releaseStatement(id, walker)])
      else if (isFinal(error))
        await store.write(statements.failStatements({ cid, mode, name, owner }, id, reasonOf(error)))
      else await store.write([statements.retryStatement(id, walker, retryAt, reasonOf(error))])
      this.#resting.delete(id)
      log.info('a pin has not come', { cid: String(cid), id, err: error })
    } catch (cause) {
      log.warn('pin row left behind', { cid: String(cid), id, cause })
    }
  }
}

/** A clock that was set back between two lives of the process must not put a try off beyond its pause from now. */
async function healRetries({ store, clock }: PinsContext, { firstMs, mostMs }: PinsContext['backoff']): Promise<void> {
  const late = 'status < 2 AND retry_at > ? + min(?, ? * (1 << min(attempts, 30)))'
  const now = Math.round(clock.steady())
  const params = [now, mostMs, firstMs]
  if (store.database.get(`SELECT 1 FROM pins WHERE ${late} LIMIT 1`, ...params) === undefined) return
  const sql = `UPDATE pins SET retry_at = ? + min(?, ? * (1 << min(attempts, 30))) WHERE ${late}`
  await store.write([{ sql, params: [...params, ...params] }])
}
