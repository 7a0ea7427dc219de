import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { holdDead } from '../../src/store/collect/hold.ts'
import type { Store } from '../../src/store/store.ts'
import { MiB } from '../../src/units.ts'
import { assertReadable, freshStore, leaf, openAt, putAll } from '../store/support.ts'
import { folder } from './dags.ts'
import { gc, healthy, hexOf, pinsOf } from './support.ts'

const seeds = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix} ${index}`)
const packFiles = (store: Store) => readdirSync(join(store.path, 'packs')).sort()
const bulk = (prefix: string, count: number) => seeds(prefix, count).map(seed => leaf(seed, MiB))
const ownedPacks = (store: Store) =>
  store.database.all<{ id: number }>('SELECT id FROM packs WHERE owner IS NOT NULL').map(({ id }) => id)

test('what was added without a pin within grace holds back itself and what came after, not the garbage before', async () => {
  await using store = await freshStore()
  const [before, added, after] = [folder(['a', 'b']), folder(['c', 'd']), folder(['e', 'f'])]
  await putAll(store, before.blocks)
  await store.database.transact(tx => tx.run('DELETE FROM operations'))
  await putAll(store, added.blocks)
  await putAll(store, after.blocks)
  const { removed } = await gc(store, { graceMs: 3_600_000 })
  assert.equal(removed.toSorted(), hexOf(before.blocks))
  await assertReadable(store, [...added.blocks, ...after.blocks])
  await healthy(store)
})

test('an operation that lives holds back what it met, though older', async () => {
  await using store = await freshStore()
  const [met, dead] = [folder(['a', 'b']), folder(['c', 'd'])]
  await putAll(store, [...met.blocks, ...dead.blocks])
  await using operation = await store.begin('add')
  for (const block of met.blocks) await operation.put(block)
  await operation.flush()
  assert.equal((await gc(store)).removed.toSorted(), hexOf(dead.blocks))
  await assertReadable(store, met.blocks)
})

test('the pack of a living process is taken from it when most of it is dead; it goes on in another', async () => {
  await using store = await freshStore()
  await using other = await openAt(store.path)
  const kept = folder(seeds('kept', 2), MiB)
  await putAll(store, [...bulk('dead', 8), ...kept.blocks])
  await pinsOf(store).add(kept.root, { signal: new AbortController().signal })
  const [taken] = ownedPacks(store)
  await gc(other)
  assert.not(ownedPacks(store).includes(taken as number))
  assert.not(packFiles(store).includes(`${taken}.pack`))
  const more = bulk('more', 3)
  await putAll(store, more)
  assert.ok(ownedPacks(store).length === 1)
  await assertReadable(store, [...kept.blocks, ...more])
  await healthy(store)
})

test('a pack that is taken between the append and its commit costs nothing', async () => {
  await using store = await freshStore()
  await using other = await openAt(store.path)
  await putAll(store, bulk('first', 8))
  const [taken] = ownedPacks(store)
  const { database } = store
  const transact = database.transact.bind(database)
  let collections = 0
  database.transact = async work => {
    // The first transaction after the append is the one that commits it.
    const isCommit = collections === 0 && database.get('SELECT 1 FROM operations') !== undefined
    if (isCommit && ++collections === 1) {
      await other.database.transact(tx => tx.run('DELETE FROM operations WHERE finished IS NOT NULL'))
      await gc(other)
    }
    return transact(work)
  }
  const second = bulk('second', 4)
  await putAll(store, second)
  database.transact = transact
  assert.is(collections, 1)
  assert.not(ownedPacks(store).includes(taken as number))
  await assertReadable(store, second)
  await healthy(store)
})

test('while a backup lives nothing is unlinked, and then everything is', async () => {
  await using store = await freshStore()
  await using other = await openAt(store.path)
  await putAll(store, [...bulk('dead', 6), leaf('alone in a file', MiB)])
  await store[Symbol.asyncDispose]()
  const files = packFiles(store)
  assert.is(files.length, 1)
  const hold = await holdDead(other)
  await using collector = await openAt(store.path)
  const held = await gc(collector)
  assert.is(held.done.removedBlocks, 7)
  assert.equal(packFiles(store), files)
  await hold[Symbol.asyncDispose]()
  const freed = await gc(collector)
  assert.ok(freed.done.freedBytes >= 6 * MiB)
  assert.equal(packFiles(store), [])
  await healthy(collector)
})

test('a backup that died holds nothing', async () => {
  await using store = await freshStore()
  await putAll(store, bulk('dead', 6))
  await store.database.transact(tx => {
    const lease = tx.insert('INSERT INTO leases (pid, started) VALUES (1, 0)')
    tx.run("INSERT INTO operations (lease, kind, epoch, started) VALUES (?, 'backup', 1, 0)", lease)
  })
  await gc(store)
  assert.equal(packFiles(store), [])
  await healthy(store)
})

test.run()
