import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import type { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type AskedNode, Desk } from '../../gateway/workers/desk.ts'
import { Line, upstreamOver } from '../../gateway/workers/line.ts'
import type { FromDaemon, FromWorker } from '../../gateway/workers/messages.ts'
import { startWorkers } from '../../gateway/workers/pool.ts'
import type { RoutedPeer } from '../../src/api/routing.ts'
import type { BlockSource, FetchState, Wait } from '../../src/block/source.ts'
import { loadConfig } from '../../src/config/load.ts'
import { configSchema } from '../../src/config/schema.ts'
import { CairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { parseKey } from '../../src/names/name.ts'
import { openNode } from '../../src/node/open.ts'
import { openReader, type Upstream } from '../../src/node/reader.ts'
import { SILENT } from '../../src/observe/log.ts'
import { METRICS, renderMetrics } from '../../src/observe/metrics.ts'
import { MetricAccount, MetricDeltas } from '../../src/observe/metrics-relay.ts'
import { temporaryFolder } from '../support/cairn.ts'
import { failureOf, putRaw, someBytes } from '../support/dags.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'

const never = new AbortController().signal
const onState = () => {}

/** A daemon's end and a worker's, with the copying of a process border in between. */
function joined(
  source: Partial<BlockSource>,
  { acknowledges = true, ...parts }: Partial<AskedNode> & { acknowledges?: boolean } = {},
) {
  const copy = <T>(message: T): T => deserialize(serialize(message)) as T
  const seen: FromWorker[] = []
  const node = { content: { blocks: () => source }, ...parts } as unknown as AskedNode
  const desk: Desk = new Desk({
    node,
    send: (message: FromDaemon, sent?: () => void) => {
      if (message.type === 'event' || message.type === 'end') line.receive(copy(message))
      if (acknowledges) sent?.()
    },
  })
  const line: Line = new Line(message => {
    seen.push(message)
    if (message.type === 'ask' || message.type === 'cancel') desk.receive(copy(message))
  })
  return { upstream: upstreamOver(line), desk, seen }
}

/** Never gives anything; says why when it is told to stop. */
function silent(told: { reason?: unknown } = {}): Partial<BlockSource> {
  return {
    get: async (cid: CID, { signal }: Wait) => {
      await new Promise(resolve => signal.addEventListener('abort', resolve))
      told.reason = signal.reason
      if ((signal.reason as Error).name !== 'TimeoutError') throw signal.reason
      throw new CairnError('UNREACHABLE', `no peer gave ${cid}`, { tried: ['the DHT: no provider'], hint: 'wait' })
    },
    fetchState: () => ({ connected: 3, asked: 2, answered: 1, providers: 0, searches: 1 }),
  }
}

const cidOf = (bytes: Uint8Array) => putRaw(new MemoryBlocks(), bytes)

test('a block crosses the border, and so does its failure with all that is known of it', async () => {
  const memory = new MemoryBlocks()
  const cid = putRaw(memory, someBytes(100_000))
  const { upstream } = joined(memory)
  assert.ok(Buffer.from((await upstream.block(cid, cid, { signal: never, onState })) ?? []).equals(someBytes(100_000)))
  const missing = await failureOf(upstream.block(cid, cidOf(someBytes(3)), { signal: never, onState }))
  assert.is(missing.code, 'BLOCK_NOT_LOCAL')
})

test('whose time is up hears what was tried and how the search went; a silent daemon is not waited for', async () => {
  const { upstream } = joined(silent())
  const cid = cidOf(someBytes(5))
  let state: FetchState | undefined
  const asked = upstream.block(cid, cid, {
    signal: AbortSignal.timeout(5),
    onState: told => {
      state = told
    },
  })
  const error = (await failureOf(asked)) as CairnError
  assert.equal([error.code, error.tried, error.hint], ['UNREACHABLE', ['the DHT: no provider'], 'wait'])
  assert.is(state?.connected, 3)
  const deaf = joined({ get: () => new Promise<never>(() => {}) })
  const late = await failureOf(deaf.upstream.block(cid, cid, { signal: AbortSignal.timeout(5), onState }))
  assert.is(late.name, 'TimeoutError')
})

test('a client that leaves ends the search in the daemon, and so does the end of the worker', async () => {
  const told: { reason?: unknown } = {}
  const { upstream } = joined(silent(told))
  const cid = cidOf(someBytes(5))
  const client = new AbortController()
  const asked = failureOf(upstream.block(cid, cid, { signal: client.signal, onState }))
  const gone = new CairnError('CANCELLED', 'the client went away')
  client.abort(gone)
  assert.is(await asked, gone)
  assert.is((told.reason as CairnError).code, 'CANCELLED')
  const other: { reason?: unknown } = {}
  const second = joined(silent(other))
  const orphan = failureOf(second.upstream.block(cid, cid, { signal: never, onState }))
  second.desk[Symbol.dispose]()
  assert.is((await orphan).code, 'CANCELLED')
  assert.is((other.reason as CairnError).code, 'CANCELLED')
})

test('a worker that takes nothing is sent no more than it may; the rest it finds in the repository', async () => {
  const memory = new MemoryBlocks()
  const blocks = Array.from({ length: 33 }, (_, seed) => putRaw(memory, someBytes(1024 * 1024, seed + 1)))
  const { upstream } = joined(memory, { acknowledges: false })
  const came: boolean[] = []
  for (const cid of blocks) came.push((await upstream.block(cid, cid, { signal: never, onState })) !== undefined)
  const most = LIMITS.workerAnswerBytes.value / (1024 * 1024)
  assert.equal([came.filter(Boolean).length, came.at(-1)], [most, false])
})

test('records, peers and whom to ask come from the daemon; who has heard enough ends the search', async () => {
  const name = parseKey('k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r')
  const told: { key?: string; ended?: boolean } = {}
  const peer = (id: string): RoutedPeer => ({ id, addresses: [], protocols: [] })
  const { upstream } = joined(
    {},
    {
      findRecords: async ({ text }) => {
        told.key = text
        return [someBytes(40), someBytes(41)]
      },
      routing: {
        async *findProviders() {
          try {
            for (let i = 0; ; i++) yield peer(`peer${i}`)
          } finally {
            told.ended = true
          }
        },
        async *findPeer() {},
        // biome-ignore lint/correctness/useYield: it fails before the first
        async *closestPeers() {
          throw new CairnError('NOT_IMPLEMENTED', 'no DHT')
        },
      },
    },
  )
  const wait = { signal: never }
  assert.equal(await upstream.records(name, wait), [someBytes(40), someBytes(41)])
  assert.is(told.key, name.text)
  const cid = cidOf(someBytes(5))
  const { routing } = upstream
  for await (const { id } of routing.findProviders(cid, wait)) if (id === 'peer7') break
  await new Promise(setImmediate)
  assert.ok(told.ended)
  assert.equal(await Array.fromAsync(routing.findPeer(cid, wait)), [])
  assert.is((await failureOf(Array.fromAsync(routing.closestPeers(cid, wait)))).code, 'NOT_IMPLEMENTED')
})

test('questions that are not answered are bounded', async () => {
  const line = new Line(() => {})
  const asked = Array.from({ length: LIMITS.workerQuestions.value + 1 }, () =>
    line.ask('peers', null, { signal: never }),
  )
  const outcomes = asked.map(answer =>
    answer.next().then(
      () => 'answer',
      (error: CairnError) => error.code,
    ),
  )
  assert.is(await Promise.race(outcomes), 'TOO_MANY_REQUESTS')
})

const config = configSchema.parse({ mode: 'lan', gateway: { listen: '127.0.0.1:0', workers: 1 } })

async function repoOf(name: string) {
  const repo = join(temporaryFolder(name), 'repo')
  const node = await openNode({ repo, config, log: SILENT, role: 'command', network: 'never', createIfMissing: true })
  return { repo, node }
}

test('a worker hashes what the daemon gives, and asks again for what the repository has lost meanwhile', async () => {
  const { repo, node } = await repoOf('worker-door')
  const [good, other] = [someBytes(100), someBytes(101)]
  const [cid, otherCid] = [cidOf(good), cidOf(other)]
  const answers: (Uint8Array | undefined)[] = [undefined, good, other]
  const upstream: Partial<Upstream> = { block: async () => answers.shift() }
  await using reader = await openReader({ repo, config, log: SILENT, upstream: upstream as Upstream })
  assert.equal(await reader.content.blocks(cid).get(cid, { signal: never }), good)
  assert.is((await failureOf(reader.content.blocks(cid).get(cid, { signal: never }))).code, 'HASH_MISMATCH')
  assert.is(reader.content.local.has(otherCid), false)
  await node[Symbol.asyncDispose]()
})

test('a worker that cannot start is the error of all; where none can be kept alive the daemon is told', async () => {
  const { repo, node } = await repoOf('worker-start')
  const told = Promise.withResolvers<unknown>()
  const parts = { repo, node, log: SILENT, onFailed: told.resolve, pauseMs: 1 }
  const bad = { ...config, gateway: { ...config.gateway, retrievalTimeout: 'soon' } }
  assert.is((await failureOf(startWorkers({ ...parts, config: bad }))).code, 'USAGE')
  const group = await startWorkers({ ...parts, config })
  assert.is((await fetch(group.url)).status, 200)
  renameSync(join(repo, 'cairn.db'), join(repo, 'gone.db'))
  const [worker] = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ')
  process.kill(Number(worker), 'SIGKILL')
  const { code, cause } = (await told.promise) as CairnError
  assert.equal([code, (cause as CairnError).code], ['INTERNAL', 'NO_REPO'])
  await group.close({ drainMs: 0 })
  await node[Symbol.asyncDispose]()
})

test('more workers than anyone has use for, and sockets that only a worker is given, are bad configuration', () => {
  const code = (value: string, key: string) => {
    try {
      loadConfig({ repo: '/nowhere', env: {}, flags: [{ key, value, flag: 'test' }] })
      return ''
    } catch (error) {
      return (error as CairnError).code
    }
  }
  assert.equal([code('64', 'gateway.workers'), code('65', 'gateway.workers')], ['', 'BAD_CONFIG'])
  assert.is(code('fds=4', 'gateway.listen'), 'BAD_CONFIG')
})

test('what a worker has counted is added up, and stays when it ends; what it was doing does not', () => {
  const deltas = new MetricDeltas()
  deltas.take()
  METRICS.refused.add(3, { door: 'test' })
  METRICS.httpInFlight.add(2, { listener: 'test' })
  METRICS.gcSeconds.observe(0.01)
  const account = new MetricAccount()
  account.add(deltas.take())
  assert.equal(deltas.take(), [])
  const line = (start: string) =>
    renderMetrics(Object.values(METRICS))
      .split('\n')
      .find(text => text.startsWith(start))
  const shown = () => [
    line('cairn_refused_total{door="test"}'),
    line('cairn_http_in_flight{listener="test"}'),
    line('cairn_gc_seconds_bucket{le="0.02"}'),
  ]
  // This process plays both.
  assert.equal(shown(), [
    'cairn_refused_total{door="test"} 6',
    'cairn_http_in_flight{listener="test"} 4',
    'cairn_gc_seconds_bucket{le="0.02"} 2',
  ])
  account[Symbol.dispose]()
  assert.is(shown()[0], 'cairn_refused_total{door="test"} 6')
  assert.is(shown()[1], 'cairn_http_in_flight{listener="test"} 2')
})

test.run()
