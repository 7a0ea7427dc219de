// A gateway worker: a process that serves from the repository on the daemon's port, and ends with the daemon.

import { openReader } from '../../src/node/reader.ts'
import { relayLogger } from '../../src/observe/log-relay.ts'
import { MetricDeltas } from '../../src/observe/metrics-relay.ts'
import { startGatewayServer } from '../content/server.ts'
import { acceptFairly } from './fair-accept.ts'
import { Line, upstreamOver } from './line.ts'
import { type FromDaemon, type FromWorker, packFailure, type WorkerStart } from './messages.ts'

/** What it has counted is told this often. */
const METRICS_MS = 250

// A key press and a service manager reach the whole group: the daemon decides, and says so.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
// The daemon is gone, however it ended.
process.on('disconnect', () => process.exit(1))
if (!process.connected) process.exit(1)

const send = (message: FromWorker, sent?: () => void): void => {
  process.send?.(message, undefined, undefined, () => sent?.())
}
const line = new Line(send)
const deltas = new MetricDeltas()
const stop = Promise.withResolvers<{ readonly drainMs: number }>()

process.on('message', (message: FromDaemon) => {
  if (message.type === 'start') void serve(message)
  else if (message.type === 'stop') stop.resolve(message)
  else line.receive(message)
})

async function serve({ repo, config, logLevel, sockets }: WorkerStart): Promise<void> {
  try {
    const log = relayLogger(logLevel, record => send({ type: 'log', record }))
    await using node = await openReader({ repo, config, log, upstream: upstreamOver(line) })
    const listening = { listen: `fds=${sockets}`, onConnection: acceptFairly() }
    const server = await startGatewayServer({ node, config, repo, log, ...listening })
    const telling = setInterval(tellMetrics, METRICS_MS)
    send({ type: 'ready' })
    await server.close(await stop.promise)
    clearInterval(telling)
  } catch (error) {
    await new Promise<void>(resolve => send({ type: 'failed', failure: packFailure(error) }, resolve))
    process.exit(1)
  }
  await new Promise<void>(resolve => send({ type: 'metrics', deltas: deltas.take() }, resolve))
  process.exit(0)
}

function tellMetrics(): void {
  const changed = deltas.take()
  if (changed.length > 0) send({ type: 'metrics', deltas: changed })
}
