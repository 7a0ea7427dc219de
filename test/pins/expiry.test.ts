import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { certainNow } from '../../src/pins/clock.ts'
import { countExpired, dropExpired, nextExpiry } from '../../src/pins/expiry.ts'
import { pinStatements } from '../../src/pins/pins.ts'
import { assertReadable, freshStore, putAll, WAIT } from '../store/support.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { folder } from './dags.ts'
import { HandClock, queuePins, Switchboard, until, working } from './queue-support.ts'
import { gc, hexOf, listPins, pinsOf } from './support.ts'

const HOUR_MS = 3_600_000

test('an expired pin is gone for a collection, whoever removes its row; one that ends later is not', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const [over, later, shared] = [folder(['over', 's']), folder(['later']), folder(['s', 't'])]
  await putAll(store, [...over.blocks, ...later.blocks, ...shared.blocks])
  await pins.add(over.root, { ...WAIT, expires: Date.now() - 1 })
  await pins.add(later.root, { ...WAIT, expires: Date.now() + HOUR_MS })
  await pins.add(shared.root, WAIT)
  assert.is(countExpired(store.database, Date.now()), 1)
  const gone = [over.blocks[0]!, over.blocks[2]!]
  assert.equal((await gc(store, { dryRun: true })).removed.toSorted(), hexOf(gone), 'foreseen')
  assert.is(countExpired(store.database, Date.now()), 1)
  assert.equal((await gc(store)).removed.toSorted(), hexOf(gone))
  await assertReadable(store, [...later.blocks, ...shared.blocks])
  assert.is(countExpired(store.database, Date.now()), 0, 'its row went with it')
})

test('a worker removes what has ended, and not before', async () => {
  await using store = await freshStore()
  const clock = new HandClock()
  const pins = queuePins(store, new Switchboard(new MemoryBlocks()), { clock })
  const [a, b] = [folder(['a']), folder(['b'])]
  await putAll(store, [...a.blocks, ...b.blocks])
  await pins.add(a.root, { ...WAIT, expires: clock.wall() + 1000 })
  await pins.add(b.root, { ...WAIT, expires: clock.wall() + 5000 })
  assert.is(nextExpiry(store.database), clock.wall() + 1000)
  clock.pass(1000)
  await using _ = working(pins)
  await until('the end of one', async () => (await listPins(pins)).length === 1)
  assert.ok((await listPins(pins))[0]!.cid.equals(b.root))
})

test('a clock that jumps forward under the process ends nothing early', () => {
  const clock = new HandClock()
  const before = certainNow(clock)
  clock.wallMs += 10 * 365 * 24 * HOUR_MS
  assert.is(certainNow(clock), before)
  clock.wallMs = before - HOUR_MS
  assert.is(certainNow(clock), before - HOUR_MS, 'set back, it ends later')
})

test('asked for again without an end it stays, by pin and by add; with another end that one counts', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const { root, blocks } = folder(['a'])
  await putAll(store, blocks)
  const end = Date.now() + HOUR_MS
  const only = async () => (await listPins(pins))[0]!
  await pins.add(root, { ...WAIT, expires: end })
  assert.is((await only()).expires, end)
  await pins.add(root, { ...WAIT, expires: end + 1 })
  assert.is((await only()).expires, end + 1)
  assert.is((await pins.add(root, WAIT)).expires, undefined)
  await pins.add(root, { ...WAIT, expires: end })
  await using operation = await store.begin('add')
  for (const block of blocks) await operation.put(block)
  await operation.finish(pinStatements([root], { mode: 'recursive', name: '' }))
  assert.is((await only()).expires, undefined)
  assert.is((await listPins(pins)).length, 1)
})

test('renewed after its end but before anyone removed it, it is whole; renewed after that, it is made anew', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const { root, blocks } = folder(['a', 'b'])
  await putAll(store, blocks)
  const { id } = await pins.add(root, { ...WAIT, expires: 1 })
  assert.is((await pins.add(root, WAIT)).id, id)
  assert.equal((await gc(store)).removed, [])
  await pins.add(root, { ...WAIT, expires: 1 })
  assert.is(await dropExpired(store), 1)
  assert.is(await dropExpired(store), 0)
  assert.is.not((await pins.add(root, WAIT)).id, id)
  assert.equal((await gc(store)).removed, [])
  await assertReadable(store, blocks)
})

test('update takes labels, owner and end along, of all pins that move', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const [a, b] = [folder(['a']), folder(['b'])]
  await putAll(store, [...a.blocks, ...b.blocks])
  const expires = Date.now() + HOUR_MS
  await pins.add(a.root, { ...WAIT, name: 'one', owner: 'ann', labels: { k: 'v' }, expires })
  await pins.add(a.root, { ...WAIT, name: 'two', owner: 'bob', labels: { k: 'w' }, expires: expires + 1 })
  await pins.update(a.root, b.root, WAIT)
  assert.equal(
    (await listPins(pins)).map(({ cid, name, owner, labels, expires }) => [
      cid.equals(b.root),
      name,
      owner,
      labels,
      expires,
    ]),
    [
      [true, 'one', 'ann', { k: 'v' }, expires],
      [true, 'two', 'bob', { k: 'w' }, expires + 1],
    ],
  )
})

test.run()
