// Running chores: on a thread that starts when the first one comes and ends when there has been none for a while, or on this one.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Wait } from '../block/source.ts'
import { CairnError, isCairnError } from '../errors.ts'
import type { Logger } from '../observe/log.ts'
import { levelOf, writeRecord } from '../observe/log-relay.ts'
import { type Counter, METRICS } from '../observe/metrics.ts'
import { guardStops, StopGate } from '../store/database/stop-gate.ts'
import type { Store } from '../store/store.ts'
import { unpackError } from '../store/write/packed-error.ts'
import type { ChoreReply, ChoreRequest, ChoreThreadStart } from './chore-message.ts'
import { type ChoreEvent, type ChoreName, type ChoreOptions, type ChoreRunner, startChore } from './chore-table.ts'

/** In the bundle the thread is a file of its own beside the others. */
const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './chore-worker.ts' : './chore-worker.js', import.meta.url)
const IDLE_MS = 10_000

/** For commands: on this thread, over the store that is open anyway. */
export const choresHere = (store: Store, log: Logger): ChoreRunner => ({
  run: <Name extends ChoreName>(name: Name, options: ChoreOptions<Name>, { signal }: Wait) =>
    startChore(name, store, options, { signal, log }) as AsyncIterable<ChoreEvent<Name>>,
  [Symbol.asyncDispose]: async () => {},
})

/** A batch of events, or how it ended. */
type Arrival = { readonly events: readonly unknown[] } | { readonly error: unknown } | 'end'

class ArrivalQueue {
  readonly #arrived: Arrival[] = []
  #waiting: PromiseWithResolvers<void> | undefined

  push(arrival: Arrival): void {
    this.#arrived.push(arrival)
    this.#waiting?.resolve()
  }

  async shift(): Promise<Arrival> {
    for (;;) {
      const next = this.#arrived.shift()
      if (next !== undefined) return next
      this.#waiting = Promise.withResolvers()
      await this.#waiting.promise
    }
  }
}

export class ChoreThread implements ChoreRunner {
  readonly #start: Omit<ChoreThreadStart, 'gate' | 'logLevel'>
  readonly #log: Logger
  readonly #idleMs: number
  readonly #failure: () => CairnError | undefined
  readonly #runs = new Map<number, ArrivalQueue>()
  #worker: Worker | undefined
  #ended: Promise<unknown> = Promise.resolve()
  #idleTimer: NodeJS.Timeout | undefined
  #lastId = 0
  /** After a failed sync the thread's handle writes no more: a new thread must not begin anew (spec: store §7). */
  #stays = false
  #closed = false

  constructor({
    log,
    idleMs = IDLE_MS,
    failure = () => undefined,
    ...start
  }: Omit<ChoreThreadStart, 'gate' | 'logLevel'> & ChoreThreadOptions) {
    this.#failure = failure
    this.#start = start
    this.#log = log
    this.#idleMs = idleMs
  }

  /** Whether the thread lives: it does not while there is nothing to do. */
  get isRunning(): boolean {
    return this.#worker !== undefined
  }

  async *run<Name extends ChoreName>(
    name: Name,
    options: ChoreOptions<Name>,
    { signal }: Wait,
  ): AsyncGenerator<ChoreEvent<Name>> {
    signal.throwIfAborted()
    const failure = this.#failure()
    // A check reads, and is never needed more.
    if (failure !== undefined && name !== 'check') throw failure
    const id = ++this.#lastId
    const queue = new ArrivalQueue()
    const worker = await this.#take()
    this.#runs.set(id, queue)
    const send = (request: ChoreRequest): void => worker.postMessage(request)
    const abort = (): void => send({ type: 'abort', id })
    signal.addEventListener('abort', abort, { once: true })
    let ended = false
    try {
      send({ type: 'run', id, name, options })
      for (;;) {
        const arrival = await queue.shift()
        ended = arrival === 'end' || 'error' in arrival
        if (ended) signal.throwIfAborted()
        if (arrival === 'end') return
        if ('error' in arrival) throw arrival.error
        yield* arrival.events as ChoreEvent<Name>[]
        send({ type: 'more', id })
      }
    } finally {
      signal.removeEventListener('abort', abort)
      if (!ended) await drain(queue, abort)
      this.#leave(id)
    }
  }

  async #take(): Promise<Worker> {
    clearTimeout(this.#idleTimer)
    // One that is on its way out holds the mutex's gate and its files a moment longer.
    if (this.#worker === undefined) await this.#ended
    if (this.#closed) throw new CairnError('SHUTTING_DOWN', 'the node stops')
    this.#worker ??= this.#startWorker()
    this.#worker.ref()
    return this.#worker
  }

  #leave(id: number): void {
    this.#runs.delete(id)
    if (this.#runs.size > 0) return
    this.#worker?.unref()
    if (!this.#stays) this.#idleTimer = setTimeout(() => void this.#end(), this.#idleMs).unref()
  }

  #startWorker(): Worker {
    const gate = new StopGate()
    const guard = guardStops(gate)
    const workerData: ChoreThreadStart = { ...this.#start, logLevel: levelOf(this.#log), gate: gate.memory }
    const worker = new Worker(ENTRY, { workerData, name: 'cairn-chores' })
    let failure: unknown
    worker.on('message', (reply: ChoreReply) => this.#receive(reply))
    worker.on('error', cause => {
      failure = cause
    })
    this.#ended = once(worker, 'exit').catch(() => undefined)
    worker.on('exit', () => {
      guard[Symbol.dispose]()
      if (this.#worker !== worker) return
      this.#worker = undefined
      const error = new CairnError('INTERNAL', 'the thread of background work has ended', { cause: failure })
      for (const queue of this.#runs.values()) queue.push({ error })
    })
    return worker
  }

  #receive(reply: ChoreReply): void {
    if (reply.type === 'log') writeRecord(this.#log, reply.record)
    else if (reply.type === 'counted') count(reply.name, reply.amount)
    else if (reply.type === 'events') this.#runs.get(reply.id)?.push({ events: reply.events })
    else {
      const error = reply.error && unpackError(reply.error)
      if (isCairnError(error, 'READ_ONLY')) this.#stays = true
      this.#runs.get(reply.id)?.push(error === undefined ? 'end' : { error })
    }
  }

  async #end(): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    this.#worker = undefined
    worker.ref()
    worker.postMessage({ type: 'close' } satisfies ChoreRequest)
    await this.#ended
  }

  /** Chores that still run are aborted. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    clearTimeout(this.#idleTimer)
    await this.#end()
  }
}

export interface ChoreThreadOptions {
  readonly log: Logger
  readonly idleMs?: number
  /** Why the process writes nothing more: a thread that opens the repository after a failed sync would know nothing of it (spec: store §7). */
  readonly failure?: () => CairnError | undefined
}

/** Its transaction ends, its locks are given back; what it still tells goes nowhere. */
async function drain(queue: ArrivalQueue, abort: () => void): Promise<void> {
  abort()
  for (;;) {
    const arrival = await queue.shift()
    if (arrival === 'end' || 'error' in arrival) return
  }
}

function count(name: string, amount: number): void {
  const metric = Object.values(METRICS).find(candidate => candidate.name === name)
  if (metric?.type === 'counter') (metric as Counter).add(amount)
}
