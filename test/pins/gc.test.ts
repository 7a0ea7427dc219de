import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { collectGarbage } from '../../src/pins/gc.ts'
import { assertReadable, freshStore, leaf, node, putAll, WAIT } from '../store/support.ts'
import { folder } from './dags.ts'
import { collect, gc, healthy, hexOf, listPins, pinsOf } from './support.ts'

const _HOUR_MS = 3_600_000

test('what no pin reaches goes, with its bytes; what one reaches stays', async () => {
  await using store = await freshStore()
  const [kept, dead] = [folder(['a', 'b'], 3000), folder(['c', 'd'], 3000)]
  await putAll(store, [...kept.blocks, ...dead.blocks])
  await pinsOf(store).add(kept.root, WAIT)
  const { removed, done } = await gc(store)
  assert.equal(removed.toSorted(), hexOf(dead.blocks))
  assert.is(done.removedBlocks, 3)
  assert.is(
    done.removedBytes,
    dead.blocks.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
  )
  await assertReadable(store, kept.blocks)
  for (const { cid } of dead.blocks) assert.not(store.has(cid))
  await healthy(store)
})

test('a dry run tells the same and removes nothing', async () => {
  await using store = await freshStore()
  const { blocks } = folder(['a', 'b'])
  await putAll(store, blocks)
  const epoch = () => store.database.get<{ value: number }>("SELECT value FROM meta WHERE key = 'epoch'")?.value
  const before = epoch()
  const { removed } = await gc(store, { dryRun: true })
  assert.equal(removed.toSorted(), hexOf(blocks))
  await assertReadable(store, blocks)
  assert.is(epoch(), before)
  assert.equal((await gc(store)).removed.toSorted(), hexOf(blocks))
})

test('without list there is one event for the mark and one for the end', async () => {
  await using store = await freshStore()
  await putAll(store, folder(['a']).blocks)
  const events = await collect(collectGarbage(store, { graceMs: 0, ...WAIT }))
  assert.equal(
    events.map(({ type }) => type).filter(type => type !== 'progress'),
    ['marked', 'done'],
  )
})

test('pin A, pin B, rm A, pin A, rm B, collect: A is whole (H5)', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const [a, b] = [folder(['shared', 'a']), folder(['shared', 'b'])]
  await putAll(store, [...a.blocks, ...b.blocks])
  await pins.add(a.root, WAIT)
  await pins.add(b.root, WAIT)
  await pins.rm(a.root, WAIT)
  await pins.add(a.root, WAIT)
  await pins.rm(b.root, WAIT)
  await gc(store)
  await assertReadable(store, a.blocks)
  assert.not(store.has(b.root))
  assert.equal(
    (await collect(pins.verify(WAIT))).map(({ ok }) => ok),
    [true],
  )
  await healthy(store)
})

test('blocks that two pins share stay until the last of them goes', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const inner = folder(['x', 'y'])
  const roots = ['1', '2'].map(seed => node([inner.root, leaf(seed).cid]))
  await putAll(store, [...inner.blocks, leaf('1'), leaf('2'), ...roots])
  for (const { cid } of roots) await pins.add(cid, WAIT)
  await pins.rm(roots[0]!.cid, WAIT)
  assert.equal((await gc(store)).removed.toSorted(), hexOf([roots[0]!, leaf('1')]))
  await assertReadable(store, inner.blocks)
  await pins.rm(roots[1]!.cid, WAIT)
  await gc(store)
  assert.is(store.counters().blocks, 0)
  await healthy(store)
})

test('a direct pin keeps its block alone; a recursive one beside it keeps all', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const { root, blocks } = folder(['a', 'b'])
  await putAll(store, blocks)
  await pins.add(root, { ...WAIT, mode: 'direct' })
  await pins.add(root, WAIT)
  assert.equal((await gc(store)).removed, [])
  await pins.rm(root, { ...WAIT, mode: 'recursive' })
  assert.equal((await gc(store)).removed.toSorted(), hexOf(blocks.slice(0, 2)))
  assert.ok(store.has(root))
})

test('cached blocks go too, with their files', async () => {
  await using store = await freshStore()
  for (const seed of ['a', 'b', 'c']) await store.cache(leaf(seed, 100_000).cid, leaf(seed, 100_000).bytes)
  await putAll(store, [leaf('written after them')])
  assert.ok(store.has(leaf('a', 100_000).cid))
  await gc(store)
  assert.is(store.counters().blocks, 0)
  assert.equal(
    readdirSync(join(store.path, 'blocks'), { recursive: true, encoding: 'utf8' }).filter(name =>
      name.endsWith('.data'),
    ),
    [],
  )
  assert.is(store.database.get<{ n: number }>('SELECT count(*) AS n FROM cache_use')?.n, 0)
  await healthy(store)
  assert.equal(await listPins(pinsOf(store)), [])
})

test.run()

test.run()
