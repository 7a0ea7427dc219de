import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pinStatements } from '../../src/pins/pins.ts'
import { freshStore, putAll, rejects, WAIT } from '../store/support.ts'
import { folder } from './dags.ts'
import { collect, listPins, pinsOf } from './support.ts'

test('the same pin again is the same row; another name or mode is another', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const { root, blocks } = folder(['a'])
  await putAll(store, blocks)
  const first = await pins.add(root, WAIT)
  assert.is((await pins.add(root, WAIT)).id, first.id)
  await pins.add(root, { ...WAIT, name: 'x' })
  await pins.add(root, { ...WAIT, name: 'x' })
  await pins.add(root, { ...WAIT, mode: 'direct' })
  const kinds = (await listPins(pins)).map(({ mode, name }) => `${mode} ${name}`)
  assert.equal(kinds, ['recursive ', 'recursive x', 'direct '])
})

test('pinStatements make a pin in the last transaction of an add, and no second one', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const { root, blocks } = folder(['a', 'b'])
  for (let round = 0; round < 2; round++) {
    await using operation = await store.begin('add')
    for (const block of blocks) await operation.put(block)
    await operation.finish(pinStatements([root], { mode: 'recursive', name: 'n', created: 1234 }))
  }
  const listed = await listPins(pins)
  assert.is(listed.length, 1)
  assert.is(listed[0]?.created, 1234)
  assert.equal(pinStatements([], { mode: 'recursive', name: '' }), [], 'nothing pinned leaves no root behind')
  assert.throws(() => pinStatements([root], { mode: 'direct', name: 'x'.repeat(256) }), /pin name/)
})

test('rm: one transaction, of a name or of all; what is not pinned is said in the text of Kubo', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const { root, blocks } = folder(['a'])
  await putAll(store, blocks)
  for (const name of ['x', 'y', 'z']) await pins.add(root, { ...WAIT, name })
  await pins.add(root, { ...WAIT, mode: 'direct' })
  await pins.rm(root, { ...WAIT, name: 'y' })
  assert.is((await listPins(pins)).length, 3)
  await pins.rm(root, { ...WAIT, mode: 'recursive' })
  assert.is((await listPins(pins)).length, 1)
  await pins.rm(root, WAIT)
  const error = await rejects(pins.rm(root, WAIT), 'NOT_PINNED')
  assert.is(error.message, 'not pinned or pinned indirectly')
})

test('rm of a DAG with a missing block works (H6)', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const { root, blocks } = folder(['a', 'b'])
  await putAll(store, blocks)
  await pins.add(root, WAIT)
  await store.remove(blocks[0]!.cid, WAIT)
  await pins.rm(root, WAIT)
  assert.equal(await listPins(pins), [])
})

test('every change of the roots moves roots_version', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const version = () =>
    store.database.get<{ value: number }>("SELECT value FROM meta WHERE key = 'roots_version'")!.value
  const { root, blocks } = folder(['a'])
  const other = folder(['b'])
  await putAll(store, [...blocks, ...other.blocks])
  let before = version()
  const moved = async (change: Promise<unknown>) => {
    await change
    assert.ok(version() > before)
    before = version()
  }
  await moved(pins.add(root, WAIT))
  await moved(pins.add(root, { ...WAIT, name: 'other' }))
  await moved(pins.update(root, other.root, WAIT))
  await moved(pins.rm(other.root, WAIT))
})

test('ls goes page by page in order, and filters', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const { root, blocks } = folder(['a'])
  const other = folder(['b'])
  await putAll(store, [...blocks, ...other.blocks])
  await store.write(
    Array.from({ length: 1200 }, (_, index) =>
      pinStatements([root], { mode: 'recursive', name: `name ${index}` }),
    ).flat(),
  )
  await pins.add(other.root, { ...WAIT, mode: 'direct' })
  const all = await listPins(pins)
  assert.is(all.length, 1201)
  assert.ok(all.every(({ id }, index) => index === 0 || id > all[index - 1]!.id))
  assert.is((await listPins(pins, { name: 'name 119' })).length, 11)
  assert.is((await listPins(pins, { cid: other.root })).length, 1)
  assert.is((await listPins(pins, { cid: root, mode: 'direct' })).length, 0)
  assert.is((await listPins(pins, { status: 'failed' })).length, 0)
})

test('update moves a pin with its names, and refuses what Kubo refuses', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const [a, b, c] = [folder(['a', 's']), folder(['b', 's']), folder(['c'])]
  await putAll(store, [...a.blocks, ...b.blocks, ...c.blocks])
  const unpinned = await rejects(pins.update(a.root, b.root, WAIT), 'NOT_PINNED')
  assert.is(unpinned.message, "'from' cid was not recursively pinned already")
  for (const name of ['one', 'two']) await pins.add(a.root, { ...WAIT, name })
  assert.is((await pins.update(a.root, a.root, WAIT)).name, 'one')
  const moved = await pins.update(a.root, b.root, WAIT)
  assert.ok(moved.cid.equals(b.root))
  const rows = (await listPins(pins)).map(({ cid, name, status }) => `${cid.equals(b.root)} ${name} ${status}`)
  assert.equal(rows, ['true one pinned', 'true two pinned'])
  await pins.update(b.root, c.root, { ...WAIT, unpin: false })
  assert.is((await listPins(pins, { cid: b.root })).length, 2)
  const pinned = await rejects(pins.update(c.root, b.root, WAIT), 'BAD_REQUEST')
  assert.is(pinned.message, "'to' cid was already recursively pinned")
})

test('an update whose walk fails drops nothing', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const [a, b] = [folder(['a']), folder(['b'])]
  await putAll(store, a.blocks)
  await pins.add(a.root, WAIT)
  await rejects(pins.update(a.root, b.root, WAIT), 'BLOCK_NOT_LOCAL')
  assert.is((await listPins(pins, { cid: a.root, status: 'pinned' })).length, 1)
})

test('verify names what is missing under a root, and nothing that is not pinned', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const [good, broken] = [folder(['a', 'b']), folder(['c', 'd'])]
  await putAll(store, [...good.blocks, ...broken.blocks])
  await pins.add(good.root, WAIT)
  await pins.add(broken.root, WAIT)
  await store.remove(broken.blocks[0]!.cid, WAIT)
  const verdicts = await collect(pins.verify(WAIT))
  assert.equal(
    verdicts.map(({ ok, bad }) => ({ ok, bad: bad.map(({ cid }) => cid.toString()) })),
    [
      { ok: true, bad: [] },
      { ok: false, bad: [broken.blocks[0]!.cid.toString()] },
    ],
  )
  assert.is((await collect(pins.verify({ ...WAIT, cid: good.root }))).length, 1)
  await rejects(collect(pins.verify({ ...WAIT, cid: good.blocks[0]!.cid })), 'NOT_PINNED')
})

test('whyPinned tells direct, recursive and indirect apart', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const [a, b] = [folder(['a']), folder(['b'])]
  await putAll(store, [...a.blocks, ...b.blocks])
  await pins.add(a.root, WAIT)
  await pins.add(b.root, { ...WAIT, mode: 'direct' })
  const why = async (cid: typeof a.root) => {
    const found = await pins.whyPinned(cid, WAIT)
    return found && `${found.mode} ${found.root.equals(a.root) ? 'a' : 'b'}`
  }
  assert.is(await why(a.root), 'recursive a')
  assert.is(await why(a.blocks[0]!.cid), 'indirect a')
  assert.is(await why(b.root), 'direct b')
  assert.is(await why(b.blocks[0]!.cid), undefined)
})

test('names beyond the limit and digests that prove nothing are refused before anything is written', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const { root } = folder(['a'])
  await rejects(pins.add(root, { ...WAIT, name: 'n'.repeat(256) }), 'LIMIT')
  assert.equal(await listPins(pins), [])
})

test.run()

test.run()
