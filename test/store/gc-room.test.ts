import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SILENT } from '../../src/observe/log.ts'
import { pinStatements } from '../../src/pins/pins.ts'
import { makeRoom } from '../../src/pins/room.ts'
import { evictCache } from '../../src/store/collect/evict.ts'
import type { Store } from '../../src/store/store.ts'
import { MiB } from '../../src/units.ts'
import { folder } from '../pins/dags.ts'
import { collect, findings, gc } from '../pins/support.ts'
import { assertBooks, assertReadable, freshStore, leaf, openAt, putAll, WAIT } from './support.ts'

async function addPinned(store: Store, seeds: readonly string[], sizeBytes: number) {
  const dag = folder(seeds, sizeBytes)
  await using operation = await store.begin('add')
  for (const block of dag.blocks) await operation.put(block)
  await operation.finish(pinStatements([dag.root], { mode: 'recursive', name: seeds[0]! }))
  return dag
}

const seeds = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix} ${index}`)

test('the database gives its free pages back', async () => {
  await using store = await freshStore()
  for (let round = 0; round < 20; round++)
    await putAll(
      store,
      Array.from({ length: 100 }, (_, index) => leaf(`${round} ${index}`, 600)),
    )
  const pages = () => store.database.get<{ page_count: number }>('PRAGMA page_count')!.page_count
  const before = pages()
  await gc(store)
  assert.ok(pages() < before / 2 + 256, `${before} pages before, ${pages()} after`)
})

test('eviction: least recently used first, no more than is wanted, kept blocks never', async () => {
  await using store = await freshStore()
  const cached = seeds('c', 10).map(seed => leaf(seed, 100_000))
  for (const { cid, bytes } of cached) await store.cache(cid, bytes)
  const kept = leaf('kept', 100_000)
  await putAll(store, [kept])
  for (const [index, { cid }] of cached.entries())
    await store.write([
      { sql: 'UPDATE cache_use SET hour = ? WHERE mh = ?', params: [100 - index, cid.multihash.bytes] },
    ])
  assert.is(await evictCache(store, 250_000, WAIT), 300_000)
  const left = cached.filter(({ cid }) => store.stat(cid) !== undefined)
  assert.equal(left, cached.slice(0, 7))
  assert.is(await evictCache(store, 10 * MiB, WAIT), 700_000)
  await assertReadable(store, [kept])
  assert.is(await evictCache(store, 1, WAIT), 0)
  assertBooks(store)
  assert.equal(await findings(store), [])
})

test('a store that is full evicts and collects by itself, and refuses only what then still does not fit', async () => {
  const first = await freshStore()
  const base = first.counters().diskBytes
  await first[Symbol.asyncDispose]()
  await using store = await openAt(first.path, {
    maxBytes: base + 48 * MiB,
    makeRoom: async full => void (await collect(makeRoom(full, { graceMs: 0 }, { ...WAIT, log: SILENT }))),
  })
  const kept = await addPinned(store, seeds('kept', 4), MiB)
  for (let round = 0; round < 30; round++) {
    for (const seed of seeds(`cached ${round}`, 4)) await store.cache(leaf(seed, MiB).cid, leaf(seed, MiB).bytes)
    await putAll(store, [leaf(`small ${round}`)])
  }
  const more = await addPinned(store, seeds('more', 8), MiB)
  await assertReadable(store, [...kept.blocks, ...more.blocks])
  assert.ok(store.counters().diskBytes <= base + 48 * MiB)
  assertBooks(store)
})

test.run()
