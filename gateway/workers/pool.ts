// The gateway as a group of processes on one port: started together, replaced when one dies, stopped with the daemon.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../src/config/schema.ts'
import { CairnError, isCairnError } from '../../src/errors.ts'
import type { Logger } from '../../src/observe/log.ts'
import { METRICS } from '../../src/observe/metrics.ts'
import { GATEWAY_ORIGIN } from '../content/server.ts'
import { explainListenError } from '../listen.ts'
import type { HttpServer } from '../server.ts'
import type { AskedNode } from './desk.ts'
import { type HeldPort, holdPort } from './holder.ts'
import { shareOf } from './limits.ts'
import { GatewayWorker } from './worker.ts'

/** The pause before a dead worker is replaced: doubled as long as they die young. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/** One that has served so long was no failure. */
const OLD_MS = 30_000
/** When all are dead, and as often in a row none has come to serve, there is no gateway any more. */
const MOST_FAILURES = 5

export interface PoolOptions {
  readonly repo: string
  readonly config: Config
  readonly node: AskedNode
  readonly log: Logger
  /** None can be kept alive: the daemon has to end. */
  readonly onFailed: (error: unknown) => void
  /** Before a dead worker is replaced for the first time. */
  readonly pauseMs?: number
}

/** As one server; the processes behind it may have died, and have no successors yet. */
export interface WorkerGroup extends HttpServer {
  whyNotServing(): string
}

/** Resolves when all of them listen; the error of the first that cannot. */
export async function startWorkers(options: PoolOptions): Promise<WorkerGroup> {
  const { config } = options
  const port = await holdPort(config.gateway.listen, GATEWAY_ORIGIN)
  const pool = new Pool(options, port)
  try {
    await pool.start()
  } catch (error) {
    await pool.close({ drainMs: 0 })
    // Somebody else was bound to it as well, and listened first. A worker knows its socket by number only.
    if (!isCairnError(error, 'PORT_IN_USE')) throw error
    throw explainListenError(Object.assign(error, { code: 'EADDRINUSE' }), config.gateway.listen, GATEWAY_ORIGIN)
  }
  return {
    url: port.url,
    port: port.port,
    close: wait => pool.close(wait),
    whyNotServing: () => (pool.isServing ? '' : 'no gateway worker serves'),
  }
}

class Pool {
  readonly #options: PoolOptions
  readonly #port: HeldPort
  readonly #share: Config
  readonly #workers = new Map<number, GatewayWorker>()
  readonly #serving = new Set<number>()
  readonly #stop = new AbortController()
  #keeping: Promise<unknown> = Promise.resolve()
  /** In a row, of all together. */
  #failures = 0

  constructor(options: PoolOptions, port: HeldPort) {
    this.#options = options
    this.#port = port
    this.#share = shareOf(options.config, options.config.gateway.workers)
  }

  get isServing(): boolean {
    return this.#serving.size > 0
  }

  async start(): Promise<void> {
    const ids = Array.from({ length: this.#options.config.gateway.workers }, (_, index) => index + 1)
    const first = ids.map(id => this.#spawn(id))
    await Promise.all(first.map(worker => worker.ready))
    for (const id of ids) this.#serves(id, true)
    this.#keeping = Promise.all(ids.map(id => this.#keep(id)))
  }

  /** New connections are refused from now on. */
  async close({ drainMs }: { drainMs: number }): Promise<void> {
    this.#stop.abort()
    this.#port.close()
    await Promise.all([...this.#workers.values()].map(worker => worker.stop({ drainMs })))
    await this.#keeping
  }

  #serves(id: number, isSo: boolean): void {
    const before = this.#serving.size
    if (isSo) this.#serving.add(id)
    else this.#serving.delete(id)
    METRICS.workers.add(this.#serving.size - before)
  }

  #spawn(id: number): GatewayWorker {
    const { repo, node, log } = this.#options
    const worker = new GatewayWorker({ id, repo, config: this.#share, fds: this.#port.fds, node, log })
    this.#workers.set(id, worker)
    return worker
  }

  /** One place in the group: whoever has it is replaced when it dies. */
  async #keep(id: number): Promise<void> {
    const { log, onFailed, pauseMs: firstPauseMs = FIRST_PAUSE_MS } = this.#options
    let youngDeaths = 0
    for (;;) {
      const startedAt = performance.now()
      const { code, signal } = (await this.#workers.get(id)?.ended) ?? {}
      this.#workers.delete(id)
      this.#serves(id, false)
      if (this.#stop.signal.aborted) return
      youngDeaths = performance.now() - startedAt < OLD_MS ? youngDeaths + 1 : 0
      const pauseMs = Math.min(firstPauseMs * 2 ** Math.max(0, youngDeaths - 1), LONGEST_PAUSE_MS)
      log.warn('a gateway worker has ended and is replaced', { worker: id, code, signal, pauseMs })
      METRICS.workerRestarts.add()
      await sleep(pauseMs, undefined, { signal: this.#stop.signal }).catch(() => undefined)
      if (this.#stop.signal.aborted) return
      const worker = this.#spawn(id)
      try {
        await worker.ready
        this.#failures = 0
        this.#serves(id, true)
        log.info('a gateway worker was replaced', { worker: id, pid: worker.pid })
      } catch (cause) {
        if (this.#stop.signal.aborted) return
        log.error('a gateway worker does not start', { worker: id, err: cause })
        if (++this.#failures >= MOST_FAILURES && this.#serving.size === 0)
          onFailed(new CairnError('INTERNAL', 'no gateway worker can be kept alive', { cause, hint: '' }))
      }
    }
  }
}
