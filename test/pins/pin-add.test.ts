import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LIMITS } from '../../src/limits.ts'
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
  assert.equal(seen, [4])
  assert.is(pin.status, 'pinned')
  const listed = await listPins(pins)
  assert.equal(
    listed.map(({ id, name, mode, status }) => ({ id, name, mode, status })),
    [{ id: pin.id, name: 'three', mode: 'recursive', status: 'pinned' }],
  )
  assert.ok(listed[0]?.cid.equals(root))
  assert.equal(await findings(store), [])
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

test.run()
