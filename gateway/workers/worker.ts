// One worker process as the daemon sees it, from its start to its end.

import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Config } from '../../src/config/schema.ts'
import { CairnError } from '../../src/errors.ts'
import type { Logger } from '../../src/observe/log.ts'
import { levelOf, writeRecord } from '../../src/observe/log-relay.ts'
import { MetricAccount } from '../../src/observe/metrics-relay.ts'
import { type AskedNode, Desk } from './desk.ts'
import { type Failure, type FromDaemon, type FromWorker, unpackFailure } from './messages.ts'

/** In the bundle it is a file of its own beside the others. */
const ENTRY = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './gateway-worker.ts' : './gateway-worker.js', import.meta.url),
)
/** As bin.js has it for the daemon. */
const COMPILED = fileURLToPath(new URL('.cache', import.meta.url))
/** Its first three are those that every process has, the fourth is the channel. */
const FIRST_FD = 4
/** An end is waited for so much longer than the answers that run. */
const KILL_AFTER_MS = 2000

export interface WorkerOptions {
  readonly id: number
  readonly repo: string
  readonly config: Config
  readonly fds: readonly number[]
  readonly node: AskedNode
  readonly log: Logger
}

export interface WorkerEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export class GatewayWorker {
  /** Resolves when it listens; rejects if it ended before. */
  readonly ready: Promise<void>
  readonly ended: Promise<WorkerEnd>
  readonly #options: WorkerOptions
  readonly #child: ChildProcess
  readonly #desk: Desk
  readonly #account = new MetricAccount()
  readonly #ready = Promise.withResolvers<void>()
  #failure: Failure | undefined

  constructor(options: WorkerOptions) {
    const { fds, node } = options
    this.#options = options
    this.#child = fork(ENTRY, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...fds],
      serialization: 'advanced',
      env:
        ENTRY.endsWith('.js') && existsSync(COMPILED) ? { ...process.env, NODE_COMPILE_CACHE: COMPILED } : process.env,
    })
    this.#desk = new Desk({ node, send: (message, sent) => this.#send(message, sent) })
    this.ready = this.#ready.promise
    // Whoever waits for it may not do so yet.
    this.ready.catch(() => undefined)
    this.#child.on('message', message => this.#receive(message as FromWorker))
    this.ended = new Promise(resolve => {
      // It could not be started at all.
      this.#child.on('error', cause => this.#end({ code: null, signal: null }, cause, resolve))
      this.#child.on('exit', (code, signal) => this.#end({ code, signal }, undefined, resolve))
    })
    this.#start()
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Running answers may end; then the process does, and at last it is made to. */
  async stop({ drainMs }: { drainMs: number }): Promise<void> {
    this.#send({ type: 'stop', drainMs })
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), drainMs + KILL_AFTER_MS)
    await this.ended
    clearTimeout(kill)
  }

  #start(): void {
    const { repo, config, fds, log } = this.#options
    const sockets = fds.map((_, index) => FIRST_FD + index)
    this.#send({ type: 'start', repo, config, logLevel: levelOf(log), sockets })
  }

  #send(message: FromDaemon, sent?: () => void): void {
    // What cannot be sent any more has nobody who waits for it.
    if (this.#child.connected) this.#child.send(message, () => sent?.())
    else sent?.()
  }

  #receive(message: FromWorker): void {
    const { log, id } = this.#options
    switch (message.type) {
      case 'ready':
        this.#ready.resolve()
        return
      case 'failed':
        this.#failure = message.failure
        return
      case 'log':
        writeRecord(log, { ...message.record, fields: { worker: id, ...message.record.fields } })
        return
      case 'metrics':
        this.#account.add(message.deltas)
        return
      default:
        this.#desk.receive(message)
    }
  }

  #end(end: WorkerEnd, cause: Error | undefined, resolve: (end: WorkerEnd) => void): void {
    this.#desk[Symbol.dispose]()
    this.#account[Symbol.dispose]()
    const how = `gateway worker ${this.#options.id} ended before it could serve (${end.signal ?? end.code ?? 'not started'})`
    this.#ready.reject(
      this.#failure === undefined
        ? new CairnError('INTERNAL', how, { cause, hint: 'its last words are above' })
        : unpackFailure(this.#failure),
    )
    resolve(end)
  }
}
