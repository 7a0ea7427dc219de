// The main thread's end of the commit thread: hands groups over, memory and all, and takes the answers.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { CairnError } from '../../errors.ts'
import type { Logger } from '../../observe/log.ts'
import { levelOf, writeRecord } from '../../observe/log-relay.ts'
import { guardStops, StopGate } from '../database/stop-gate.ts'
import { type CommitHost, type CommitReply, type GroupMessage, memoriesOf } from './commit-message.ts'
import { type ThreadReply, type ThreadRequest, type ThreadStart, unpackOutcome } from './thread-message.ts'

/** In the bundle the thread is a file of its own beside the others. */
const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './commit-worker.ts' : './commit-worker.js', import.meta.url)

export class CommitThread implements CommitHost {
  readonly #start: Omit<ThreadStart, 'gate' | 'logLevel'>
  readonly #log: Logger
  #worker: Worker | undefined
  #guard: Disposable | undefined
  #waiting: PromiseWithResolvers<CommitReply> | undefined
  #failure: CairnError | undefined

  constructor({ log, ...start }: Omit<ThreadStart, 'gate' | 'logLevel'> & { readonly log: Logger }) {
    this.#start = start
    this.#log = log
  }

  commit(message: GroupMessage): Promise<CommitReply> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    this.#worker ??= this.#startWorker()
    const waiting = Promise.withResolvers<CommitReply>()
    this.#waiting = waiting
    // The process must not end before it is answered; an idle thread keeps nothing alive.
    this.#worker.ref()
    const request: ThreadRequest = { type: 'commit', message }
    this.#worker.postMessage(request, memoriesOf(message))
    return waiting.promise
  }

  #startWorker(): Worker {
    const gate = new StopGate()
    this.#guard = guardStops(gate)
    const workerData: ThreadStart = { ...this.#start, gate: gate.memory, logLevel: levelOf(this.#log) }
    const worker = new Worker(ENTRY, { workerData, name: 'cairn-commit' })
    worker.on('message', (reply: ThreadReply) => {
      if (reply.type === 'log') writeRecord(this.#log, reply.record)
      if (reply.type !== 'committed') return
      worker.unref()
      const waiting = this.#waiting
      this.#waiting = undefined
      waiting?.resolve(unpackOutcome(reply.images, reply.result))
    })
    worker.on('error', cause => this.#fail(cause))
    worker.on('exit', () => this.#fail(undefined))
    return worker
  }

  /** Its lease died with it: what it had not acknowledged is not stored, and this process writes no more. */
  #fail(cause: unknown): void {
    this.#failure ??= new CairnError('READ_ONLY', 'the thread that writes has ended', { cause, hint: 'restart Cairn' })
    this.#waiting?.reject(this.#failure)
    this.#waiting = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    if (worker !== undefined && this.#failure === undefined) {
      worker.ref()
      const exited = once(worker, 'exit')
      const request: ThreadRequest = { type: 'close' }
      worker.postMessage(request)
      await exited
    }
    this.#guard?.[Symbol.dispose]()
  }
}
