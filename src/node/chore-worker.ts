// The chores thread: collections, checks and what else takes long run here on a store handle of their own, so that nobody waits for them.

import { parentPort, workerData } from 'node:worker_threads'
import { relayLogger } from '../observe/log-relay.ts'
import { type Counter, METRICS } from '../observe/metrics.ts'
import { StopGate } from '../store/database/stop-gate.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { packError } from '../store/write/packed-error.ts'
import { MiB } from '../units.ts'
import type { ChoreReply, ChoreRequest, ChoreThreadStart } from './chore-message.ts'
import { ChoreOutbox } from './chore-outbox.ts'
import { startChore } from './chore-table.ts'

/** Inner nodes that one walk meets more than once. */
const CACHE_BYTES = 16 * MiB

interface Run {
  readonly abort: AbortController
  readonly outbox: ChoreOutbox
  readonly done: PromiseWithResolvers<void>
}

const start = workerData as ChoreThreadStart
const runs = new Map<number, Run>()
const counted = new Map<string, number>()
let opening: Promise<Store> | undefined

const send = (reply: ChoreReply): void => parentPort?.postMessage(reply)
const log = relayLogger(start.logLevel, record => send({ type: 'log', record }))

function open(): Promise<Store> {
  const gate = new StopGate(start.gate)
  opening ??= openStore({ ...start, cacheBytes: CACHE_BYTES, commit: 'inline', log: log.part('store'), gate })
  // What was wrong may be right when the next chore comes.
  opening.catch(() => {
    opening = undefined
  })
  return opening
}

async function run({ id, name, options }: ChoreRequest & { type: 'run' }): Promise<void> {
  const abort = new AbortController()
  const outbox = new ChoreOutbox(events => send({ type: 'events', id, events }), abort.signal)
  const done = Promise.withResolvers<void>()
  runs.set(id, { abort, outbox, done })
  const wait = { signal: abort.signal, log }
  try {
    const store = await open()
    for await (const event of startChore(name, store, options, wait)) {
      const room = outbox.add(event)
      if (room !== undefined) await room
      abort.signal.throwIfAborted()
    }
    outbox.flush()
    tellCounters()
    send({ type: 'end', id })
  } catch (error) {
    outbox.flush()
    tellCounters()
    send({ type: 'end', id, error: packError(error) })
  } finally {
    runs.delete(id)
    done.resolve()
  }
}

function tellCounters(): void {
  for (const metric of Object.values(METRICS) as Counter[]) {
    if (metric.type !== 'counter') continue
    const value = [...metric.samples()].reduce((sum, sample) => sum + sample.value, 0)
    const amount = value - (counted.get(metric.name) ?? 0)
    counted.set(metric.name, value)
    if (amount > 0) send({ type: 'counted', name: metric.name, amount })
  }
}

parentPort?.on('message', async (request: ChoreRequest) => {
  if (request.type === 'run') await run(request)
  else if (request.type === 'more') runs.get(request.id)?.outbox.consumed()
  else if (request.type === 'abort') runs.get(request.id)?.abort.abort()
  else {
    for (const { abort } of runs.values()) abort.abort()
    await Promise.all([...runs.values()].map(({ done }) => done.promise))
    const store = await opening?.catch(() => undefined)
    await store?.[Symbol.asyncDispose]()
    parentPort?.close()
  }
})
