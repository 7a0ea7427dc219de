import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DEFAULT_CAPS } from '../../src/pins/caps.ts'
import { freshStore, putAll, rejects, WAIT } from '../store/support.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { folder } from './dags.ts'
import { dags, describe, HandClock, networkOf, queuePins, Switchboard, until, working } from './queue-support.ts'
import { listPins } from './support.ts'

const BACKOFF = { firstMs: 10_000, mostMs: 3_600_000 }
let checked = 0
const done = () => {
  checked++
}

test('enqueue is a durable row at once, and a root; a worker pins it, and what it pins is whole', async () => {
  await using store = await freshStore()
  const made = dags(3)
  const pins = queuePins(store, new Switchboard(networkOf(made)))
  const queued = await Promise.all(made.map(({ root }) => pins.enqueue(root, { ...WAIT, name: 'n' })))
  assert.equal(
    queued.map(({ status }) => status),
    ['queued', 'queued', 'queued'],
  )
  assert.equal(
    (await listPins(pins)).map(({ id }) => id),
    queued.map(({ id }) => id),
  )
  {
    await using _ = working(pins)
    await until('three pins', async () => (await listPins(pins, { status: 'pinned' })).length === 3)
  }
  const after = await listPins(pins)
  assert.equal(
    after.map(({ id }) => id),
    queued.map(({ id }) => id),
    'the same rows',
  )
  for (const { blocks } of made) for (const { cid } of blocks) assert.equal(store.stat(cid)?.kept, true)
  done()
})

test('what is here already is completed without an operation, a claim or the network', async () => {
  await using store = await freshStore()
  const [dag] = dags(1)
  await putAll(store, dag!.blocks)
  const board = new Switchboard(new MemoryBlocks())
  const pins = queuePins(store, board)
  const { id } = await pins.enqueue(dag!.root, WAIT)
  const last = () =>
    store.database.get<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'operations'")!.seq
  const operations = last()
  await using _ = working(pins)
  await until('the pin', async () => (await listPins(pins, { status: 'pinned' })).length === 1)
  assert.is((await listPins(pins))[0]?.id, id)
  assert.is(last(), operations)
  assert.equal(board.walked, [])
  done()
})

test('asked for twice it is one row; the second time its priority and labels count', async () => {
  await using store = await freshStore()
  const [dag] = dags(1)
  const pins = queuePins(store, new Switchboard(new MemoryBlocks()))
  const first = await pins.enqueue(dag!.root, { ...WAIT, labels: { a: '1' } })
  const second = await pins.enqueue(dag!.root, { ...WAIT, priority: 5, labels: { b: '2' } })
  assert.is(second.id, first.id)
  assert.is(second.priority, 5)
  assert.equal(second.labels, { b: '2' })
  const other = await pins.enqueue(dag!.root, { ...WAIT, owner: 'ann' })
  assert.is.not(other.id, first.id)
  assert.equal((await pins.enqueue(dag!.root, WAIT)).labels, { b: '2' }, 'labels that are not given stay')
  done()
})

test('no more walks at once than there are places, and the highest priority first', async () => {
  await using store = await freshStore()
  const made = dags(12)
  const board = new Switchboard(networkOf(made, 3))
  const pins = queuePins(store, board, { concurrency: 3 })
  for (const [index, { root }] of made.entries()) await pins.enqueue(root, { ...WAIT, priority: index % 4 })
  await using _ = working(pins)
  await until('twelve pins', async () => (await listPins(pins, { status: 'pinned' })).length === 12)
  assert.ok(board.most <= 3, `${board.most} at once`)
  const order = board.walked.map(cid => made.findIndex(({ root }) => String(root) === cid) % 4)
  assert.equal(order, [3, 3, 3, 2, 2, 2, 1, 1, 1, 0, 0, 0])
  done()
})

test('what fails is tried again after a pause that doubles, up to the longest; the reason is told', async () => {
  await using store = await freshStore()
  const [dag] = dags(1)
  const board = new Switchboard(networkOf([dag!]))
  board.open = false
  const clock = new HandClock()
  const pins = queuePins(store, board, { clock, backoff: BACKOFF })
  await pins.enqueue(dag!.root, WAIT)
  const only = async () => (await listPins(pins))[0]!
  const pauses: number[] = []
  for (let attempt = 1; attempt <= 12; attempt++) {
    await using _ = working(pins)
    await until(
      `failure ${attempt}`,
      async () => (await only()).attempts === attempt && (await only()).status === 'queued',
    )
    assert.is(describe(await only()), `queued ${attempt} no provider found`)
    const pause = (await only()).retryAt! - clock.steady()
    const whole = Math.min(BACKOFF.mostMs, BACKOFF.firstMs * 2 ** (attempt - 1))
    assert.ok(pause >= whole / 2 && pause <= whole, `pause ${pause} of ${whole}`)
    pauses.push(pause)
    clock.pass(pause)
  }
  assert.ok(new Set(pauses.map(pause => pause % 1000)).size > 3, 'with jitter')
  const walks = board.walked.length
  clock.pass(-1)
  {
    await using _ = working(pins)
    await new Promise(resolve => setTimeout(resolve, 60))
  }
  assert.is(board.walked.length, walks, 'not a moment too soon')
  board.open = true
  clock.pass(1)
  await using _ = working(pins)
  await until('the pin', async () => (await only()).status === 'pinned')
  assert.is((await only()).error, '')
  done()
})

test('a pin that cannot come to a good end is given up, and begins anew when it is asked for again', async () => {
  await using store = await freshStore()
  const [dag] = dags(1)
  const board = new Switchboard(networkOf([dag!]))
  const caps = { ...DEFAULT_CAPS, pinBlocks: 2 }
  {
    const pins = queuePins(store, board, { caps })
    await pins.enqueue(dag!.root, WAIT)
    await using _ = working(pins)
    await until('it is given up', async () => (await listPins(pins, { status: 'failed' })).length === 1)
    const [failed] = await listPins(pins)
    assert.match(failed!.error, /blocks of the pin of .*more than the 2 allowed/)
    assert.is(failed!.retryAt, undefined)
  }
  const pins = queuePins(store, board)
  assert.is((await pins.enqueue(dag!.root, WAIT)).status, 'queued')
  await using _ = working(pins)
  await until('the pin', async () => (await listPins(pins, { status: 'pinned' })).length === 1)
  assert.is((await listPins(pins)).length, 1)
  done()
})

test('a clock set back or forward by ten years, between two lives or under the worker, puts nothing off and ends nothing early', async () => {
  await using store = await freshStore()
  const YEARS = 10 * 365 * 86_400_000
  const [dag, kept] = dags(2)
  const board = new Switchboard(networkOf([dag!]))
  board.open = false
  await putAll(store, kept!.blocks)
  const before = new HandClock()
  const first = queuePins(store, board, { clock: before, backoff: BACKOFF })
  await first.add(kept!.root, { ...WAIT, expires: before.wall() + 3_600_000 })
  await first.enqueue(dag!.root, WAIT)
  const waiting = async () => (await listPins(first, { status: 'queued' }))[0]
  {
    await using _ = working(first)
    await until('a failure', async () => (await waiting())?.attempts === 1)
    // Under the worker: the wall clock jumps, its own does not.
    before.wallMs += YEARS
    await first.enqueue(folder(['wakes the worker']).root, { ...WAIT, priority: -1 })
    await until('the next walk', () => board.walked.length >= 2)
    assert.is((await waiting())?.attempts, 1)
    assert.is((await listPins(first, { status: 'pinned' })).length, 1, 'and what has an end keeps it')
  }
  const back = new HandClock()
  back.steadyMs -= YEARS
  back.wallMs -= YEARS
  board.open = true
  const second = queuePins(store, board, { clock: back, backoff: BACKOFF })
  {
    await using _ = working(second)
    await until(
      'the pause counts from now',
      async () => ((await waiting())?.retryAt ?? 0) <= back.steady() + 2 * BACKOFF.firstMs,
    )
  }
  back.pass(2 * BACKOFF.firstMs)
  await using _ = working(second)
  await until('the pin', async () => (await listPins(second, { cid: dag!.root, status: 'pinned' })).length === 1)
  done()
})

test('while nothing comes a pin says what it waits for, and makes room for the next after its patience', async () => {
  await using store = await freshStore()
  const [silent, other] = dags(2)
  const network = networkOf([other!])
  const board = new Switchboard(network)
  const peers = { connected: 2, asked: 2, answered: 2, providers: 0, searches: 3 }
  const source = board.sourceFor(store, silent!.root)
  const pins = queuePins(store, board, {
    concurrency: 1,
    patienceMs: 100,
    sourceFor: root =>
      root.equals(silent!.root)
        ? {
            ...source,
            get: (_, { signal }) =>
              new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
            fetchState: () => peers,
          }
        : board.sourceFor(store, root),
  })
  const { id } = await pins.enqueue(silent!.root, { ...WAIT, priority: 1 })
  await pins.enqueue(other!.root, WAIT)
  await using _ = working(pins)
  await until('a walk', () => pins.progress(id) !== undefined)
  const state = pins.progress(id)!
  assert.is(state.missing, 1)
  assert.equal(state.peers, peers)
  await until('the other pin', async () => (await listPins(pins, { status: 'pinned' })).length === 1)
  const [given] = await listPins(pins, { cid: silent!.root })
  assert.match(given!.error, /^no provider found after 3 searches; 2 peers asked, 2 answered; nothing came for /)
  done()
})

test('names, owners, labels and times that are none are refused', async () => {
  await using store = await freshStore()
  const [dag] = dags(1)
  const pins = queuePins(store, new Switchboard(new MemoryBlocks()))
  await rejects(pins.enqueue(dag!.root, { ...WAIT, owner: 'o'.repeat(256) }), 'LIMIT')
  await rejects(pins.enqueue(dag!.root, { ...WAIT, labels: { a: 'x'.repeat(5000) } }), 'LIMIT')
  await rejects(pins.enqueue(dag!.root, { ...WAIT, priority: 0.5 }), 'BAD_REQUEST')
  await rejects(pins.enqueue(dag!.root, { ...WAIT, expires: Number.NaN }), 'BAD_REQUEST')
  assert.equal(await listPins(pins), [])
  done()
})

test.after(() =>
  console.log(`\n» pins: queue, ${checked} properties hold (limit, priority, back-off, patience, clocks)`),
)

test.run()
