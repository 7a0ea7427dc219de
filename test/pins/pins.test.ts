import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LIMITS } from '../../src/limits.ts'
import { pinStatements } from '../../src/pins/pins.ts'
import { freshStore, putAll, rejects, WAIT } from '../store/support.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { diamond, folder } from './dags.ts'
import { collect, findings, listPins, pinsOf, withNetwork } from './support.ts'

test('a local DAG is pinned: one row, complete, every block visited once', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const { root, blocks } = folder(['a', 'b', 'c'])
  await putAll(store, blocks)
  const seen: number[] = []
  const pin = await pins.add(root, { ...WAIT, name: 'three', onProgress: ({ blocks }) => seen.push(blocks) })
  assert.equal(seen, [1, 2, 3, 4])
  assert.is(pin.status, 'pinned')
  const listed = await listPins(pins)
  assert.equal(
    listed.map(({ id, name, mode, status }) => ({ id, name, mode, status })),
    [{ id: pin.id, name: 'three', mode: 'recursive', status: 'pinned' }],
  )
  assert.ok(listed[0]?.cid.equals(root))
  assert.equal(await findings(store), [])
})

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

test('what is missing is fetched, many at a time, and kept', async () => {
  await using store = await freshStore()
  const network = new MemoryBlocks({ delayMs: 5 })
  const { root, blocks } = folder(Array.from({ length: 100 }, (_, index) => `leaf ${index}`))
  for (const block of blocks) network.put(block)
  let inFlight = 0
  let most = 0
  const source = withNetwork(store, network)
  const counted = {
    ...source,
    get: async (...call: Parameters<typeof source.get>) => {
      most = Math.max(most, ++inFlight)
      try {
        return await source.get(...call)
      } finally {
        inFlight--
      }
    },
  }
  let last = { blocks: 0, bytes: 0, fetched: 0 }
  await pinsOf(store, counted).add(root, { ...WAIT, onProgress: progress => (last = progress) })
  assert.is(most, LIMITS.pinFetches.value)
  const bytes = blocks.reduce((sum, block) => sum + block.bytes.byteLength, 0)
  assert.equal(last, { blocks: 101, bytes, fetched: 101 })
  for (const { cid } of blocks) assert.equal(store.stat(cid)?.kept, true)
  assert.equal(await findings(store), [])
})

test('cached blocks become kept', async () => {
  await using store = await freshStore()
  const { root, blocks } = folder(['a', 'b'], 70_000)
  for (const { cid, bytes } of blocks) await store.cache(cid, bytes)
  await pinsOf(store).add(root, WAIT)
  for (const { cid } of blocks) assert.equal(store.stat(cid)?.kept, true)
  assert.equal(
    (await findings(store)).filter(found => found.startsWith('error')),
    [],
  )
})

test('a direct pin keeps its block alone; a recursive one of the same CID then walks', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const { root, blocks } = folder(['a'])
  await putAll(store, blocks.slice(1))
  await pins.add(root, { ...WAIT, mode: 'direct' })
  await rejects(pins.add(root, WAIT), 'BLOCK_NOT_LOCAL')
  await putAll(store, blocks)
  await pins.add(root, WAIT)
  assert.equal(
    (await listPins(pins)).map(({ mode, status }) => `${mode} ${status}`),
    ['direct pinned', 'recursive pinned'],
    'and the row that had failed is gone',
  )
})

test('a walk that fails leaves a row that says why; wrong bytes from the network are never kept', async () => {
  await using store = await freshStore()
  const network = new MemoryBlocks()
  const { root, blocks } = folder(['a', 'b'])
  for (const block of blocks) network.put(block)
  const [first] = blocks
  network.blocks.set(Buffer.from(first!.cid.multihash.bytes).toString('latin1'), new Uint8Array(100))
  const pins = pinsOf(store, withNetwork(store, network))
  await rejects(pins.add(root, WAIT), 'HASH_MISMATCH')
  assert.not(store.has(first!.cid))
  const [failed] = await listPins(pins, { status: 'failed' })
  assert.ok(failed?.cid.equals(root))
  const { error } = store.database.get<{ error: string }>('SELECT error FROM pins')!
  assert.match(error, /do not hash/)
  await rejects(pins.add(root, WAIT), 'HASH_MISMATCH')
  assert.is((await listPins(pins)).length, 1, 'one row for one failed pin')
})

test('a cancelled walk leaves nothing, and stops asking', async () => {
  await using store = await freshStore()
  const network = new MemoryBlocks({ delayMs: 5 })
  const { root, blocks } = folder(Array.from({ length: 200 }, (_, index) => `leaf ${index}`))
  for (const block of blocks) network.put(block)
  const pins = pinsOf(store, withNetwork(store, network))
  const abort = new AbortController()
  const adding = pins.add(root, {
    signal: abort.signal,
    onProgress: ({ blocks }) => blocks === 20 && abort.abort(new Error('enough')),
  })
  const error = await adding.then(
    () => undefined,
    cause => cause,
  )
  assert.is(error?.message, 'enough')
  assert.equal(await listPins(pins), [])
  const asked = network.reads.length
  assert.ok(asked < 100, `${asked} blocks asked for`)
  await new Promise(resolve => setTimeout(resolve, 30))
  assert.is(network.reads.length, asked)
})

test('a pin removed while it is being made fails, and stays away', async () => {
  await using store = await freshStore()
  const network = new MemoryBlocks({ delayMs: 2 })
  const { root, blocks } = folder(['a', 'b', 'c'])
  for (const block of blocks) network.put(block)
  const pins = pinsOf(store, withNetwork(store, network))
  let removal: Promise<void> | undefined
  const adding = pins.add(root, {
    ...WAIT,
    onProgress: ({ blocks }) => {
      if (blocks === 1) removal = pins.rm(root, WAIT)
    },
  })
  await rejects(adding, 'NOT_PINNED')
  await removal
  assert.equal(await listPins(pins), [])
})

test('two calls for one pin at the same time: both resolve, one row is left', async () => {
  await using store = await freshStore()
  const network = new MemoryBlocks({ delayMs: 2 })
  const { root, blocks } = folder(Array.from({ length: 80 }, (_, index) => `leaf ${index}`))
  for (const block of blocks) network.put(block)
  const pins = pinsOf(store, withNetwork(store, network))
  const both = await Promise.all([pins.add(root, WAIT), pins.add(root, WAIT)])
  const listed = await listPins(pins)
  assert.is(listed.length, 1)
  assert.equal(
    both.map(({ status }) => status),
    ['pinned', 'pinned'],
  )
})

test('a diamond of 30 × 60 blocks has 60 ^ 30 paths and is pinned, verified and found again by visiting each block once (H10)', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const { root, blocks } = diamond(30, 60)
  await putAll(store, blocks)
  let visits = 0
  await pins.add(root, { ...WAIT, onProgress: () => visits++ })
  assert.is(visits, blocks.length)
  const [verdict] = await collect(pins.verify(WAIT))
  assert.ok(verdict?.ok)
  const why = await pins.whyPinned(blocks[0]!.cid, WAIT)
  assert.ok(why?.mode === 'indirect' && why.root.equals(root))
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
