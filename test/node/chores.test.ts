import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { GcEvent } from '../../src/api/repo.ts'
import type { Config } from '../../src/config/schema.ts'
import { configSchema } from '../../src/config/schema.ts'
import { ChoreThread } from '../../src/node/chores.ts'
import { type LocalNode, openNode } from '../../src/node/open.ts'
import { SILENT } from '../../src/observe/log.ts'
import { METRICS } from '../../src/observe/metrics.ts'
import { takeLock } from '../../src/store/database/kernel-lock.ts'
import type { Store } from '../../src/store/store.ts'
import { GiB } from '../../src/units.ts'
import { collect, healthy } from '../pins/support.ts'
import { freshPath, freshStore, leaf, putAll, rejects, WAIT } from '../store/support.ts'

const config = (more: Partial<Config['store']> = {}): Config =>
  configSchema.parse({ mode: 'offline', store: { grace: '0s', ...more } })

const daemon = (): Promise<LocalNode> =>
  openNode({
    repo: freshPath(),
    config: config(),
    log: SILENT,
    role: 'daemon',
    network: 'never',
    createIfMissing: true,
  })

const leaves = (count: number) => Array.from({ length: count }, (_, index) => leaf(`dead ${index}`))

const threadOf = (store: Store, idleMs = 60_000): ChoreThread =>
  new ChoreThread({ path: store.path, maxBytes: 10 * GiB, verify: 'crc', graceMs: 0, log: SILENT, idleMs })

const countOf = (metric: { samples(): Iterable<{ value: number }> }): number => [...metric.samples()][0]?.value ?? 0

test('a collection in a daemon tells every block, is counted, and works on a handle of its own', async () => {
  await using node = await daemon()
  await putAll(node.store, leaves(2000))
  const [runs, blocks] = [countOf(METRICS.gcRuns), countOf(METRICS.gcRemovedBlocks)]
  const transact = node.store.database.transact
  node.store.database.transact = () => Promise.reject(new Error('a collection wrote on the main thread'))
  const events: GcEvent[] = await collect(node.repo.gc({ ...WAIT, list: true }))
  node.store.database.transact = transact
  const removed = events.flatMap(event => (event.type === 'removed' ? [event.cid] : []))
  assert.equal(
    removed.toSorted(),
    leaves(2000)
      .map(({ cid }) => String(cid))
      .toSorted(),
  )
  assert.is(events.at(-1)?.type, 'done')
  assert.is(countOf(METRICS.gcRuns) - runs, 1)
  assert.is(countOf(METRICS.gcRemovedBlocks) - blocks, 2000)
  assert.is(node.store.counters().blocks, 0)
  await healthy(node.store)
})

test('a check runs there too, and a bad option is told as an error with its code', async () => {
  await using node = await daemon()
  await putAll(node.store, leaves(10))
  const events = await collect(node.repo.check({ ...WAIT, readData: true }))
  const done = events.at(-1)
  assert.ok(done?.type === 'done' && done.errors === 0 && done.blocks === 10)
  using _ = takeLock(`${node.store.path}/gc.lock`)
  const error = await rejects(collect(node.repo.gc(WAIT)), 'REPO_LOCKED')
  assert.match((error as Error & { hint: string }).hint, String(process.pid))
})

test('who stops listening, by signal or by leaving, ends the chore; its lock is free at once', async () => {
  await using store = await freshStore()
  await using chores = threadOf(store)
  await putAll(store, leaves(5000))
  const abort = new AbortController()
  const reason = new Error('enough')
  const aborted = collect(
    (async function* () {
      for await (const event of chores.run('gc', { graceMs: 0, list: true }, { signal: abort.signal })) {
        abort.abort(reason)
        yield event
      }
    })(),
  )
  assert.is(await aborted.catch((error: unknown) => error), reason)
  for await (const event of chores.run('gc', { graceMs: 0, list: true }, WAIT)) {
    assert.is(event.type, 'marked')
    break
  }
  const events = await collect(chores.run('gc', { graceMs: 0 }, WAIT))
  assert.is(events.at(-1)?.type, 'done')
  assert.is(store.counters().blocks, 0)
  await healthy(store)
})

test('a slow listener holds the chore up: what is told is bounded', async () => {
  await using store = await freshStore()
  await using chores = threadOf(store)
  await putAll(store, leaves(6000))
  let seen = 0
  let most = 0
  for await (const event of chores.run('gc', { graceMs: 0, list: true }, WAIT)) {
    if (event.type !== 'removed') continue
    seen++
    // Rows gone but not told of yet: two batches, and the transaction that is being told.
    if (seen % 500 === 0) {
      await new Promise(resolve => setTimeout(resolve, 20))
      most = Math.max(most, 6000 - store.counters().blocks - seen)
    }
  }
  assert.is(seen, 6000)
  assert.ok(most <= 2500 + 3 * 256, `${most} events ahead`)
})

test('the thread ends when there is nothing to do, and starts again', async () => {
  await using store = await freshStore()
  await using chores = threadOf(store, 1)
  for (const round of [1, 2, 3]) {
    await putAll(store, leaves(round))
    const events = await collect(chores.run('gc', { graceMs: 0 }, WAIT))
    assert.ok(events.some(event => event.type === 'done' && event.removedBlocks === round))
    while (chores.isRunning) await new Promise(resolve => setTimeout(resolve, 1))
  }
})

test('closing aborts what runs', async () => {
  await using store = await freshStore()
  const chores = threadOf(store)
  await putAll(store, leaves(20_000))
  const running = collect(chores.run('gc', { graceMs: 0 }, WAIT))
  const outcome = running.then(
    () => 'done',
    error => error.code,
  )
  await new Promise(resolve => setTimeout(resolve, 60))
  await chores[Symbol.asyncDispose]()
  assert.ok(['done', 'CANCELLED'].includes(await outcome))
  await rejects(collect(chores.run('gc', { graceMs: 0 }, WAIT)), 'SHUTTING_DOWN')
  await healthy(store)
})

test.run()
