import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Marks } from '../../src/pins/mark.ts'
import { openEpoch } from '../../src/store/collect/epoch.ts'
import { sweep } from '../../src/store/collect/sweep.ts'
import { takeLock } from '../../src/store/database/kernel-lock.ts'
import { openLease } from '../../src/store/write/leases.ts'
import { assertReadable, freshStore, leaf, putAll, rejects, WAIT } from '../store/support.ts'
import { folder } from './dags.ts'
import { collect, gc, healthy, hex, hexOf, pinsOf } from './support.ts'

const HOUR_MS = 3_600_000

test('added without a pin: safe within the grace, pinned in time it stays, else it goes', async () => {
  await using store = await freshStore()
  const [pinned, forgotten] = [folder(['a']), folder(['b'])]
  await putAll(store, [...pinned.blocks, ...forgotten.blocks])
  assert.equal((await gc(store, { graceMs: HOUR_MS })).removed, [])
  await pinsOf(store).add(pinned.root, WAIT)
  assert.equal((await gc(store, { graceMs: HOUR_MS })).removed, [], 'the grace is not over yet')
  await store.database.transact(tx => tx.run('UPDATE operations SET finished = finished - ?', HOUR_MS))
  assert.equal((await gc(store, { graceMs: HOUR_MS })).removed.toSorted(), hexOf(forgotten.blocks))
  await healthy(store)
})

test('a clock that was set back does not stretch the grace beyond its length from now', async () => {
  await using store = await freshStore()
  const { blocks } = folder(['a'])
  await putAll(store, blocks)
  await store.database.transact(tx => tx.run('UPDATE operations SET finished = finished + ?', 10 * 365 * 24 * HOUR_MS))
  assert.equal((await gc(store, { graceMs: HOUR_MS })).removed, [])
  await store.database.transact(tx => tx.run('UPDATE operations SET finished = finished - ?', HOUR_MS + 1000))
  assert.equal((await gc(store, { graceMs: HOUR_MS })).removed.toSorted(), hexOf(blocks))
})

test('what a living operation put or met stays, also when it ends between mark and sweep', async () => {
  await using store = await freshStore()
  const old = folder(['old'])
  await putAll(store, old.blocks)
  await openEpoch(store, 0)
  const mine = folder(['mine'])
  const operation = await store.begin('add')
  for (const block of mine.blocks) await operation.put(block)
  assert.ok(await operation.keep(old.blocks[0]!.cid, WAIT))
  await operation.flush()
  const threshold = await openEpoch(store, 0)
  const marks = new Marks({ store, part: { index: 0, count: 1 }, expected: 10, ...WAIT })
  await marks.markRoots()
  await operation.finish()
  const swept = await collect(sweep({ store, marks, threshold, dryRun: false, ...WAIT }))
  assert.equal(
    swept.flat().map(({ mh }) => Buffer.from(mh).toString('hex')),
    [hex(old.root)],
    'it had met the leaf, not the node',
  )
  await assertReadable(store, [...mine.blocks, old.blocks[0]!])
})

test('a collection beside a living operation takes what was unpinned before that began', async () => {
  await using store = await freshStore()
  const [dead, mine] = [folder(['dead']), folder(['mine'])]
  await using earlier = await store.begin('add')
  await putAll(store, dead.blocks)
  await pinsOf(store).add(dead.root, WAIT)
  await pinsOf(store).rm(dead.root, WAIT)
  await using operation = await store.begin('add')
  for (const block of mine.blocks) await operation.put(block)
  await operation.flush()
  assert.equal((await gc(store)).removed, [], 'the earlier one may have met it')
  await earlier.abort()
  assert.equal((await gc(store)).removed.toSorted(), hexOf(dead.blocks))
  await assertReadable(store, mine.blocks)
})

test('a root that comes after the mark is marked before anything more is swept', async () => {
  await using store = await freshStore()
  const late = folder(['late 1', 'late 2'])
  await putAll(store, late.blocks)
  const threshold = await openEpoch(store, 0)
  const marks = new Marks({ store, part: { index: 0, count: 1 }, expected: 10, ...WAIT })
  await marks.markRoots()
  await store.write([
    { sql: "INSERT INTO roots (kind, key, cid) VALUES ('mfs', '/', ?)", params: [late.root.bytes] },
    { sql: "UPDATE meta SET value = value + 1 WHERE key = 'roots_version'", params: [] },
  ])
  assert.equal((await collect(sweep({ store, marks, threshold, dryRun: false, ...WAIT }))).flat(), [])
  await assertReadable(store, late.blocks)
})

test('a block touched after the sweep had looked at it, and before it is deleted, stays', async () => {
  await using store = await freshStore()
  const { blocks } = folder(['a'])
  await putAll(store, blocks)
  const threshold = await openEpoch(store, 0)
  const marks = {
    rootsVersion: store.database.get<{ value: number }>("SELECT value FROM meta WHERE key = 'roots_version'")!.value,
    markRoots: async () => {},
    // Asked between the reading of the page and the deleting transaction.
    has: (mh: Uint8Array) => {
      store.database.connection.prepare('UPDATE blocks SET epoch = ? WHERE mh = ?').run(threshold, mh)
      return false
    },
  }
  assert.equal((await collect(sweep({ store, marks, threshold, dryRun: false, ...WAIT }))).flat(), [])
  await assertReadable(store, blocks)
  await healthy(store)
})

test('an operation of a process that has died protects nothing, and what it left is cleared away', async () => {
  await using store = await freshStore()
  const { blocks } = folder(['a'])
  await putAll(store, blocks)
  const lease = await store.database.transact(tx => {
    const opened = openLease(tx, store.path)
    tx.run("INSERT INTO operations (lease, kind, epoch, started) VALUES (?, 'add', 1, 0)", opened.id)
    return opened
  })
  assert.equal((await gc(store)).removed, [], 'it lives: its kernel lock is held')
  lease.lock[Symbol.dispose]()
  assert.equal((await gc(store)).removed.toSorted(), hexOf(blocks))
  assert.is(store.database.get('SELECT 1 FROM leases WHERE id = ?', lease.id), undefined)
  assert.not(existsSync(lease.lock.file))
})

test('one collection at a time', async () => {
  await using store = await freshStore()
  using _ = takeLock(join(store.path, 'gc.lock'))!
  await rejects(gc(store), 'REPO_LOCKED')
  assert.equal((await gc(store, { dryRun: true })).removed, [])
})

test('a cancelled collection stops, and the next one does the rest', async () => {
  await using store = await freshStore()
  await putAll(
    store,
    Array.from({ length: 300 }, (_, index) => leaf(`${index}`)),
  )
  const abort = new AbortController()
  abort.abort(new Error('enough'))
  const error = await gc(store, { signal: abort.signal }).catch(cause => cause)
  assert.is(error.message, 'enough')
  await gc(store)
  assert.is(store.counters().blocks, 0)
  await healthy(store)
})

test.run()
