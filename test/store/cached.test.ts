import { writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NewBlock } from '../../src/block/source.ts'
import type { Store } from '../../src/store/store.ts'
import { BlockFiles } from '../../src/store/write/files.ts'
import { KiB, MiB } from '../../src/units.ts'
import { assertBooks, assertReadable, freshStore, leaf, node, openAt, putAll, rejects, WAIT } from './support.ts'

const rowOf = (store: Store, { cid }: NewBlock) =>
  store.database.get<{ kept: number; pack: number; at: number }>(
    'SELECT kept, pack, at FROM blocks WHERE mh = ?',
    cid.multihash.bytes,
  )
/** Cached blocks are committed in their own time. */
async function settled(store: Store): Promise<void> {
  await store.write([])
}

for (const commit of ['inline', 'worker'] as const) {
  test(`fetched blocks are readable at once and become cached rows (${commit})`, async () => {
    const store = await freshStore({ commit })
    const blocks = [leaf('c small', 1000), leaf('c large', 300 * KiB), node([leaf('c small').cid])]
    for (const { cid, bytes } of blocks) await store.cache(cid, bytes)
    assert.ok(store.has(blocks[1]!.cid))
    assert.is(store.stat(blocks[1]!.cid)?.kept, false)
    await assertReadable(store, blocks)
    await settled(store)
    for (const block of blocks) assert.is(rowOf(store, block)?.kept, 0)
    assert.is(rowOf(store, blocks[1]!)?.pack, -1)
    assert.is(store.database.get<{ n: number }>('SELECT count(*) AS n FROM cache_use')?.n, 3)
    await assertReadable(store, blocks)
    assertBooks(store)
    await store[Symbol.asyncDispose]()
  })
}

test('cached becomes kept when it is put or kept; its old place is dead', async () => {
  const store = await freshStore()
  const blocks = Array.from({ length: 12 }, (_, index) => leaf(`ck ${index}`, 100 * KiB))
  const inner = node(blocks.map(block => block.cid))
  for (const { cid, bytes } of [...blocks, inner]) await store.cache(cid, bytes)
  await settled(store)
  await using operation = await store.begin('pin')
  for (const block of blocks.slice(0, 6)) await operation.put(block)
  for (const block of blocks.slice(6)) assert.ok(await operation.keep(block.cid, WAIT))
  assert.ok(await operation.keep(inner.cid, WAIT))
  await operation.finish()
  for (const block of blocks) {
    assert.is(rowOf(store, block)?.kept, 1)
    assert.ok((rowOf(store, block)?.pack ?? 0) > 0)
  }
  assert.is(rowOf(store, inner)?.kept, 1)
  assert.is(store.database.get<{ n: number }>('SELECT count(*) AS n FROM dead WHERE pack = -1')?.n, blocks.length)
  assert.is(store.database.get<{ n: number }>('SELECT count(*) AS n FROM cache_use')?.n, 0)
  await assertReadable(store, [...blocks, inner])
  assertBooks(store)
  await store[Symbol.asyncDispose]()
})

test('fetched and pinned in one moment: it is kept, and written once', async () => {
  const store = await freshStore()
  const blocks = Array.from({ length: 8 }, (_, index) => leaf(`both ${index}`, 100 * KiB))
  await using operation = await store.begin('pin')
  for (const { cid, bytes, hasLinks } of blocks) {
    await store.cache(cid, bytes)
    await operation.put({ cid, bytes, hasLinks })
  }
  await operation.finish()
  for (const block of blocks) assert.is(rowOf(store, block)?.kept, 1)
  assert.is(store.database.get<{ n: number }>('SELECT count(*) AS n FROM dead')?.n, 0)
  await assertReadable(store, blocks)
  assertBooks(store)
  await store[Symbol.asyncDispose]()
})

test('caching never replaces what is kept', async () => {
  const store = await freshStore()
  const kept = leaf('kept file', MiB)
  await putAll(store, [kept])
  const before = rowOf(store, kept)
  await store.cache(kept.cid, kept.bytes)
  await settled(store)
  assert.equal(rowOf(store, kept), before)
  // Another process keeps the block while ours has it waiting for the cache.
  const late = leaf('late', MiB)
  await store.cache(late.cid, late.bytes)
  const other = await openAt(store.path)
  await putAll(other, [late])
  await settled(store)
  assert.is(rowOf(store, late)?.kept, 1)
  await assertReadable(other, [late])
  assertBooks(store)
  await other[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
})

test('a cached file of another boot is hashed in full: one with the right CRC of wrong bytes is dropped', async () => {
  const store = await freshStore()
  const block = leaf('boot', 200 * KiB)
  await store.cache(block.cid, block.bytes)
  await settled(store)
  // As after a power cut: the file has other bytes, and the row's CRC happens to fit them.
  const rotten = new Uint8Array(200 * KiB)
  writeFileSync(new BlockFiles(store.path).fileOf(block.cid.multihash.bytes), rotten)
  const { crc32 } = await import('node:zlib')
  await store.database.transact(tx => tx.run('UPDATE blocks SET at = 7, crc = ?', crc32(rotten)))
  await rejects(store.get(block.cid, WAIT), 'CORRUPT_BLOCK')
  assert.not(store.has(block.cid))
  assert.is(store.counters().blocks, 0)
  assertBooks(store)
  await store[Symbol.asyncDispose]()
})

test.run()
