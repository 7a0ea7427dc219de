import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RAW } from '../../src/block/cid.ts'
import type { Store } from '../../src/store/store.ts'
import { KiB, MiB } from '../../src/units.ts'
import { assertBooks, assertReadable, freshStore, leaf, node, putAll, rejects, WAIT } from './support.ts'

const rowOf = (store: Store, { cid }: { cid: CID }) =>
  store.database.get<{ pack: number; at: number; epoch: number; links: number; kept: number }>(
    'SELECT pack, at, epoch, links, kept FROM blocks WHERE mh = ?',
    cid.multihash.bytes,
  )
const nextEpoch = (store: Store) =>
  store.database.transact(tx => tx.run("UPDATE meta SET value = value + 1 WHERE key = 'epoch'"))
const epochOf = (store: Store) =>
  store.database.get<{ value: number }>("SELECT value FROM meta WHERE key = 'epoch'")?.value ?? 0

test('a block that is here is met, not written again; of an older epoch it is touched', async () => {
  const store = await freshStore()
  const blocks = [...Array.from({ length: 20 }, (_, index) => leaf(`again ${index}`, 20 * KiB)), leaf('tiny')]
  const inner = node(blocks.map(block => block.cid))
  await putAll(store, [...blocks, inner])
  const before = [...blocks, inner].map(block => rowOf(store, block))
  const { diskBytes } = store.counters()
  await using operation = await store.begin('put')
  const epoch = epochOf(store)
  for (const round of [1, 2]) {
    for (const block of [...blocks, inner]) await operation.put(block)
    await operation.flush()
    assert.equal(
      [...blocks, inner].map(block => ({ ...rowOf(store, block) })),
      before.map(row => ({ ...row, epoch })),
      `round ${round}: nothing moved, all of it touched once`,
    )
  }
  await operation.finish()
  await nextEpoch(store)
  await putAll(store, [...blocks, inner])
  for (const block of [...blocks, inner]) assert.is(rowOf(store, block)?.epoch, epochOf(store))
  assert.equal(
    [...blocks, inner].map(block => rowOf(store, block)?.at),
    before.map(row => row?.at),
  )
  assert.ok(store.counters().diskBytes - diskBytes < 300 * KiB, 'the bytes were not written again')
  assertBooks(store)
  await store[Symbol.asyncDispose]()
})

test('hit, then swept, then touched: the bytes were kept at hand and are put', async () => {
  const store = await freshStore()
  const blocks = [leaf('small hit'), leaf('large hit', 40 * KiB), leaf('huge hit', MiB)]
  await putAll(store, blocks)
  await nextEpoch(store)
  await using operation = await store.begin('add')
  for (const block of blocks) await operation.put(block)
  await store.database.transact(tx => {
    tx.run('DELETE FROM blocks')
    tx.run('DELETE FROM data')
    tx.run('UPDATE counters SET value = 0')
    tx.run('DELETE FROM packs')
  })
  await operation.finish()
  await assertReadable(store, blocks)
  assertBooks(store)
  await store[Symbol.asyncDispose]()
})

test('keep: what is here is touched, what is missing is said to be, what goes meanwhile fails the operation', async () => {
  const store = await freshStore()
  const kept = leaf('kept', 40 * KiB)
  await putAll(store, [kept])
  await nextEpoch(store)
  const first = await store.begin('pin')
  assert.is(await first.keep(kept.cid, WAIT), true)
  assert.is(await first.keep(leaf('missing').cid, WAIT), false)
  await assertReadable(store, [kept])
  await first.finish()
  assert.is(rowOf(store, kept)?.epoch, epochOf(store))
  await nextEpoch(store)
  const second = await store.begin('pin')
  assert.is(await second.keep(kept.cid, WAIT), true)
  // As a collection would whose threshold was fixed before this operation began.
  await store.database.transact(tx => tx.run('DELETE FROM blocks WHERE epoch < ?', epochOf(store)))
  await rejects(second.finish([{ sql: 'INSERT INTO meta VALUES (?, 1)', params: ['must not be'] }]), 'BLOCK_NOT_LOCAL')
  assert.is(store.database.get("SELECT 1 FROM meta WHERE key = 'must not be'"), undefined)
  await second.abort()
  await store[Symbol.asyncDispose]()
})

test('met by one operation without bytes and by another with them: should it go, the bytes are put', async () => {
  for (const order of ['keep first', 'put first']) {
    const store = await freshStore()
    const block = leaf('met twice', 40 * KiB)
    await putAll(store, [block])
    await nextEpoch(store)
    const putting = await store.begin('add')
    const keeping = await store.begin('pin')
    if (order === 'put first') await putting.put(block)
    await keeping.keep(block.cid, WAIT)
    if (order === 'keep first') await putting.put(block)
    await store.database.transact(tx => tx.run('DELETE FROM blocks'))
    const outcomes = await Promise.allSettled([putting.finish(), keeping.finish()])
    // With the bytes in the group both are content; without them neither may say that the block is stored.
    const stored = store.has(block.cid)
    assert.equal(
      outcomes.map(outcome => outcome.status === 'fulfilled'),
      [stored, stored],
      order,
    )
    assert.ok(stored, order)
    await keeping.abort()
    await putting.abort()
    await store[Symbol.asyncDispose]()
  }
})

test('one multihash as raw and as a node: the row learns that it has links', async () => {
  const store = await freshStore()
  const inner = node([leaf('child').cid])
  const asRaw = { cid: CID.createV1(RAW, inner.cid.multihash), bytes: inner.bytes, hasLinks: false }
  await putAll(store, [asRaw])
  assert.is(rowOf(store, inner)?.links, 0)
  await putAll(store, [inner])
  assert.is(rowOf(store, inner)?.links, 1)
  const other = node([leaf('other child').cid])
  await putAll(store, [{ cid: CID.createV1(RAW, other.cid.multihash), bytes: other.bytes, hasLinks: false }])
  const operation = await store.begin('pin')
  assert.ok(await operation.keep(other.cid, WAIT))
  await operation.finish()
  assert.is(rowOf(store, other)?.links, 1, 'found out by keep, too')
  const both = node([leaf('third child').cid])
  await putAll(store, [{ cid: CID.createV1(RAW, both.cid.multihash), bytes: both.bytes, hasLinks: false }, both])
  assert.is(rowOf(store, both)?.links, 1, 'in one group, too')
  await store[Symbol.asyncDispose]()
})

test.run()
