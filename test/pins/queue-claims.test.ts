import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openLease } from '../../src/store/write/leases.ts'
import { freshStore, openAt, WAIT } from '../store/support.ts'
import { folder } from './dags.ts'
import { dags, describe, networkOf, queuePins, Switchboard, until, working } from './queue-support.ts'
import { listPins } from './support.ts'

let checked = 0
const done = () => {
  checked++
}

test('a walk of a process that has died is taken over; one of a process that lives is not', async () => {
  await using store = await freshStore()
  const [dead, alive] = dags(2)
  const board = new Switchboard(networkOf([dead!, alive!]))
  const pins = queuePins(store, board)
  const lease = await store.database.transact(tx => {
    const opened = openLease(tx, store.path)
    const walker = tx.insert("INSERT INTO operations (lease, kind, epoch, started) VALUES (?, 'pin', 1, 0)", opened.id)
    for (const { root } of [alive!, dead!])
      tx.run(
        'INSERT INTO pins (mh, cid, mode, created, status, walker) VALUES (?, ?, 1, 0, 1, ?)',
        root.multihash.bytes,
        root.bytes,
        root === dead!.root ? walker + 1000 : walker,
      )
    return opened
  })
  {
    await using _ = working(pins)
    await until('the dead one', async () => (await listPins(pins, { status: 'pinned' })).length === 1)
    await new Promise(resolve => setTimeout(resolve, 60))
    assert.equal(board.walked, [String(dead!.root)])
  }
  lease.lock[Symbol.dispose]()
  await using _ = working(pins)
  await until('the other', async () => (await listPins(pins, { status: 'pinned' })).length === 2)
  done()
})

test('workers of several handles share one queue: each row is walked once', async () => {
  await using store = await freshStore()
  await using second = await openAt(store.path)
  await using third = await openAt(store.path)
  const made = dags(30)
  const network = networkOf(made, 2)
  const board = new Switchboard(network)
  const all = [store, second, third].map(handle => queuePins(handle, board, { concurrency: 4 }))
  for (const { root } of made) await all[0]!.enqueue(root, WAIT)
  await using _1 = working(all[0]!)
  await using _2 = working(all[1]!)
  await using _3 = working(all[2]!)
  await until('thirty pins', async () => (await listPins(all[0]!, { status: 'pinned' })).length === 30)
  assert.equal(board.walked.toSorted(), made.map(({ root }) => String(root)).sort())
  done()
})

test('a worker that stops gives its rows back as they were', async () => {
  await using store = await freshStore()
  const [dag] = dags(1)
  const network = networkOf([dag!], 50)
  const pins = queuePins(store, new Switchboard(network))
  await pins.enqueue(dag!.root, WAIT)
  {
    await using _ = working(pins)
    await until('a walk', async () => (await listPins(pins, { status: 'pinning' })).length === 1)
  }
  assert.is(describe((await listPins(pins))[0]!), 'queued 0')
  assert.is(store.database.get('SELECT 1 FROM operations WHERE finished IS NULL'), undefined)
  done()
})

test('a pin removed while it is walked is left at once, and stays away', async () => {
  await using store = await freshStore()
  const dag = folder(Array.from({ length: 400 }, (_, index) => `leaf ${index}`))
  const network = networkOf([dag], 200)
  const pins = queuePins(store, new Switchboard(network))
  await pins.enqueue(dag.root, WAIT)
  await using _ = working(pins)
  await until('a walk', () => network.reads.length > 1)
  await pins.rm(dag.root, WAIT)
  await until('its end', () => store.database.get('SELECT 1 FROM operations WHERE finished IS NULL') === undefined)
  assert.ok(network.reads.length < 400, `${network.reads.length} blocks asked for`)
  assert.equal(await listPins(pins), [])
  done()
})

test('pin add of what waits in the queue takes its place; cancelled, it leaves the queue as it was', async () => {
  await using store = await freshStore()
  const [dag] = dags(1)
  const board = new Switchboard(networkOf([dag!]))
  const pins = queuePins(store, board)
  const { id } = await pins.enqueue(dag!.root, WAIT)
  const abort = new AbortController()
  const cancelled = pins.add(dag!.root, { signal: abort.signal, onProgress: () => abort.abort(new Error('enough')) })
  assert.is((await cancelled.catch(error => error)).message, 'enough')
  assert.equal(
    (await listPins(pins)).map(pin => pin.id),
    [id],
  )
  await pins.add(dag!.root, WAIT)
  assert.equal(
    (await listPins(pins)).map(({ status }) => status),
    ['pinned'],
  )
  done()
})

test.after(() =>
  console.log(
    `\n» pins: claims, ${checked} properties hold (dead and living walkers, several workers, stop, removal, a second caller)`,
  ),
)

test.run()
