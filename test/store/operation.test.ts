import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { identity } from 'multiformats/hashes/identity'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RAW } from '../../src/block/cid.ts'
import type { Store } from '../../src/store/store.ts'
import { KiB, MiB } from '../../src/units.ts'
import {
  assertBooks,
  assertReadable,
  bytesOf,
  freshStore,
  leaf,
  node,
  openAt,
  putAll,
  rejects,
  WAIT,
} from './support.ts'

const operations = (store: Store) =>
  store.database.all<{ epoch: number; finished: number | null }>('SELECT epoch, finished FROM operations ORDER BY id')
const nextEpoch = (store: Store) =>
  store.database.transact(tx => tx.run("UPDATE meta SET value = value + 1 WHERE key = 'epoch'"))

test('what is put can be read before it is durable, and is durable after flush', async () => {
  const store = await freshStore()
  await using operation = await store.begin('add')
  const blocks = [leaf('one'), leaf('two', 200 * KiB), node([leaf('one').cid])]
  for (const block of blocks) assert.is(operation.put(block), undefined, 'no promise while there is room')
  assert.ok(store.has(blocks[0]!.cid))
  await assertReadable(store, blocks)
  assert.is(store.database.get<{ n: number }>('SELECT count(*) AS n FROM blocks')?.n, 0)
  await operation.flush()
  assert.is(store.database.get<{ n: number }>('SELECT count(*) AS n FROM blocks')?.n, 3)
  await assertReadable(store, blocks)
  await operation.finish()
  await store[Symbol.asyncDispose]()
})

test('buffers are given back once, and putting needs no waiting between puts', async () => {
  const store = await freshStore()
  const operation = await store.begin('add')
  let released = 0
  const blocks = Array.from({ length: 60 }, (_, index) => leaf(`big ${index}`, MiB))
  const scratch = new Uint8Array(MiB)
  const waits: (void | Promise<void>)[] = []
  for (const { cid, bytes } of blocks) {
    scratch.set(bytes)
    const waiting = operation.put({ cid, bytes: scratch, hasLinks: false, release: () => released++ })
    if (waiting !== undefined) await waiting
  }
  for (const block of blocks) waits.push(operation.put(block))
  await operation.finish()
  await Promise.all(waits)
  assert.is(released, blocks.length)
  await assertReadable(store, blocks)
  assertBooks(store)
  await store[Symbol.asyncDispose]()
})

test('flush and finish include puts whose promise nobody awaited', async () => {
  const store = await freshStore()
  const operation = await store.begin('add')
  const blocks = Array.from({ length: 40 }, (_, index) => leaf(`unawaited ${index}`, MiB))
  let waited = 0
  for (const block of blocks) if (operation.put(block) !== undefined) waited++
  assert.ok(waited > 0, 'the test is about puts that had to wait')
  await operation.finish()
  await assertReadable(store, blocks)
  await store[Symbol.asyncDispose]()
})

test('what must not come in does not: too large, wrong hash, weak or unknown hash', async () => {
  const store = await freshStore()
  await using operation = await store.begin('put')
  const good = leaf('good')
  await rejects(operation.putVerified(good.cid, bytesOf('evil', 100), WAIT), 'HASH_MISMATCH')
  await rejects(operation.putVerified(good.cid, good.bytes.subarray(1), WAIT), 'HASH_MISMATCH')
  const large = leaf('large', 2 * MiB + 1)
  await rejects(operation.putVerified(large.cid, large.bytes, WAIT), 'LIMIT')
  await rejects(store.cache(large.cid, large.bytes), 'LIMIT')
  await rejects(store.cache(good.cid, bytesOf('evil', 100)), 'HASH_MISMATCH')
  const short = CID.createV1(RAW, create(0x12, good.cid.multihash.digest.subarray(0, 8)))
  await rejects(operation.putVerified(short, good.bytes, WAIT), 'UNSUPPORTED_HASH')
  const unknown = CID.createV1(RAW, create(0x3fffff, new Uint8Array(32)))
  await rejects(operation.putVerified(unknown, good.bytes, WAIT), 'UNSUPPORTED_HASH')
  await operation.putVerified(good.cid, good.bytes, WAIT)
  await operation.finish()
  assert.is(store.counters().blocks, 1)
  await store[Symbol.asyncDispose]()
})

test('identity CIDs are answered from themselves and never stored', async () => {
  const store = await freshStore()
  const bytes = new Uint8Array([1, 2, 3])
  const cid = CID.createV1(RAW, identity.digest(bytes))
  assert.ok(store.has(cid))
  assert.equal(await store.get(cid, WAIT), bytes)
  assert.equal(store.peek(cid), bytes)
  const operation = await store.begin('put')
  await operation.putVerified(cid, bytes, WAIT)
  assert.ok(await operation.keep(cid, WAIT))
  await operation.finish()
  await store.cache(cid, bytes)
  assert.is(store.counters().blocks, 0)
  await store[Symbol.asyncDispose]()
})

test('an operation with a root leaves no row, one without counts from its end, an aborted one leaves none', async () => {
  const store = await freshStore()
  const rooted = await store.begin('add')
  await nextEpoch(store)
  const rootless = await store.begin('put')
  const aborted = await store.begin('put')
  assert.equal(
    operations(store).map(({ epoch }) => epoch),
    [2, 4, 5],
    'each in an epoch of its own',
  )
  await rooted.put(leaf('rooted'))
  await rooted.finish([{ sql: "INSERT INTO roots VALUES ('mfs', '/', ?)", params: [leaf('rooted').cid.bytes] }])
  await rootless.finish()
  await aborted.abort()
  await aborted.abort()
  const left = operations(store)
  assert.is(left.length, 1)
  assert.ok(Math.abs(Date.now() - (left[0]?.finished ?? 0)) < 60_000)
  await rejects(
    Promise.resolve().then(() => aborted.put(leaf('late'))),
    'INTERNAL',
  )
  await store[Symbol.asyncDispose]()
  const again = await openAt(store.path)
  assert.is(operations(again).length, 1, 'grace outlives the process')
  await again[Symbol.asyncDispose]()
})

test("a statement that does not change what it must undoes that finish and nobody else's", async () => {
  const store = await freshStore()
  const [one, two] = await Promise.all([store.begin('add'), store.begin('add')])
  await one.put(leaf('of one'))
  await two.put(leaf('of two'))
  const insert = (key: string) => ({ sql: 'INSERT INTO meta VALUES (?, 1)', params: [key] })
  const fails = {
    sql: 'DELETE FROM pins WHERE id = 99',
    params: [],
    expect: { changes: 1, otherwise: { code: 'NOT_PINNED', message: 'it is not pinned' } },
  } as const
  const outcomes = await Promise.allSettled([one.finish([insert('one'), fails]), two.finish([insert('two')])])
  assert.equal(
    outcomes.map(outcome => outcome.status),
    ['rejected', 'fulfilled'],
  )
  assert.is(store.database.get("SELECT 1 FROM meta WHERE key = 'one'"), undefined)
  assert.ok(store.database.get("SELECT 1 FROM meta WHERE key = 'two'"))
  await one.abort()
  assert.equal(await store.write([insert('three'), insert('four')]), [1, 1])
  await rejects(store.write([insert('five'), fails]), 'NOT_PINNED')
  assert.is(store.database.get("SELECT 1 FROM meta WHERE key = 'five'"), undefined)
  await store[Symbol.asyncDispose]()
})

test('finish fails if the lease was taken away', async () => {
  const store = await freshStore()
  const operation = await store.begin('add')
  await operation.put(leaf('x'))
  await store.database.transact(tx => tx.run('DELETE FROM leases'))
  await rejects(operation.finish(), 'REPO_DAMAGED')
  await operation.abort()
  await store[Symbol.asyncDispose]()
})

test('many small adds make no packs, and those of one moment share a commit', async () => {
  const store = await freshStore()
  let commits = 0
  const stop = store.onCommit(() => commits++)
  await Promise.all(Array.from({ length: 50 }, (_, index) => putAll(store, [leaf(`small ${index}`)])))
  stop()
  assert.is(store.counters().packs, 0)
  assert.is(store.counters().blocks, 50)
  assert.ok(commits < 25, `${commits} commits`)
  await store[Symbol.asyncDispose]()
})

test('remove forgets a block unless an operation that may rely on it is alive', async () => {
  const store = await freshStore()
  const blocks = [leaf('gone', 10), leaf('gone too', 300 * KiB)]
  await putAll(store, [blocks[0]!])
  await putAll(store, [blocks[1]!])
  const operation = await store.begin('add')
  assert.ok(await operation.keep(blocks[0]!.cid, WAIT))
  await operation.flush()
  const error = await rejects(store.remove(blocks[0]!.cid, WAIT), 'FORBIDDEN')
  assert.ok(error.message.includes(String(process.pid)))
  await operation.abort()
  for (const { cid } of blocks) {
    assert.is(await store.remove(cid, WAIT), true)
    assert.is(await store.remove(cid, WAIT), false)
    assert.not(store.has(cid))
    await rejects(store.get(cid, WAIT), 'BLOCK_NOT_LOCAL')
  }
  assertBooks(store)
  await store[Symbol.asyncDispose]()
})

test.run()
