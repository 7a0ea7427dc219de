import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DAG_CBOR, RAW } from '../../src/block/cid.ts'
import { hashByName, sha256 } from '../../src/block/hash.ts'
import type { NewBlock } from '../../src/block/source.ts'
import { collectGarbage } from '../../src/pins/gc.ts'
import { Marks } from '../../src/pins/mark.ts'
import { pinStatements } from '../../src/pins/pins.ts'
import { openEpoch } from '../../src/store/epoch.ts'
import { takeLock } from '../../src/store/kernel-lock.ts'
import { openLease } from '../../src/store/leases.ts'
import type { Store } from '../../src/store/store.ts'
import { sweep } from '../../src/store/sweep.ts'
import {
  assertBooks,
  assertReadable,
  bytesOf,
  freshStore,
  leaf,
  node,
  putAll,
  rejects,
  WAIT,
} from '../store/support.ts'
import { diamond, folder } from './dags.ts'
import { collect, findings, gc, hex, listPins, pinsOf } from './support.ts'

const hexOf = (blocks: readonly NewBlock[]): string[] => blocks.map(({ cid }) => hex(cid)).sort()
const HOUR_MS = 3_600_000

async function healthy(store: Store): Promise<void> {
  assertBooks(store)
  assert.equal(await findings(store), [])
}

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
    events.map(({ type }) => type),
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

test('pins in every status are roots for what is present', async () => {
  await using store = await freshStore()
  const dags = ['queued', 'pinning', 'failed'].map(seed => folder([seed, `${seed} missing`]))
  for (const [status, { root, blocks }] of dags.entries()) {
    await putAll(
      store,
      blocks.filter((_, index) => index !== 1),
    )
    await store.write([
      {
        sql: 'INSERT INTO pins (mh, cid, mode, created, status) VALUES (?, ?, 1, 0, ?)',
        params: [root.multihash.bytes, root.bytes, [0, 1, 3][status]!],
      },
    ])
  }
  assert.equal((await gc(store)).removed, [])
})

test('MFS and published names are roots; a name may point at what is not here', async () => {
  await using store = await freshStore()
  const [files, name, away] = [folder(['files']), folder(['name']), folder(['away'])]
  await putAll(store, [...files.blocks, ...name.blocks, ...away.blocks.slice(0, 1)])
  const root = (kind: string, cid: CID) => ({
    sql: 'INSERT INTO roots (kind, key, cid) VALUES (?, ?, ?)',
    params: [kind, cid.toString(), cid.bytes],
  })
  await store.write([root('mfs', files.root), root('ipns', name.root), root('ipns', away.root)])
  assert.equal((await gc(store)).removed, hexOf(away.blocks.slice(0, 1)))
  await healthy(store)
})

test('a missing node under a complete pin: nothing is collected, and the error names root and block', async () => {
  await using store = await freshStore()
  const inner = folder(['a', 'b'])
  const root = node([inner.root])
  const dead = folder(['dead'])
  await putAll(store, [...inner.blocks, root, ...dead.blocks])
  await pinsOf(store).add(root.cid, WAIT)
  await store.remove(inner.root, WAIT)
  const error = await rejects(gc(store), 'REPO_DAMAGED')
  assert.match(error.message, root.cid.toString())
  assert.match(error.message, inner.root.toString())
  await assertReadable(store, [...inner.blocks.slice(0, 2), ...dead.blocks])
})

test('a damaged node under any root, an incomplete one too: nothing is collected', async () => {
  await using store = await freshStore()
  const { root, blocks } = folder(['a', 'b'])
  await putAll(store, blocks)
  await store.write([
    {
      sql: 'INSERT INTO pins (mh, cid, mode, created, status) VALUES (?, ?, 1, 0, 1)',
      params: [root.multihash.bytes, root.bytes],
    },
    {
      sql: "UPDATE data SET bytes = x'00' WHERE id = (SELECT at FROM blocks WHERE mh = ?)",
      params: [root.multihash.bytes],
    },
  ])
  await rejects(gc(store), 'REPO_DAMAGED')
  await rejects(gc(store), 'REPO_DAMAGED')
  await assertReadable(store, blocks.slice(0, 2))
})

test('other hash functions and codecs are marked and collected like any (H9)', async () => {
  await using store = await freshStore()
  const hashed = (name: string, seed: string): NewBlock => {
    const { code, digest } = hashByName(name)
    const bytes = bytesOf(seed, 300)
    return { cid: CID.createV1(RAW, create(code, digest(bytes))), bytes, hasLinks: false }
  }
  const names = ['sha2-512', 'blake3', 'blake2b-256', 'sha3-384', 'sha1']
  const kept = names.map(name => hashed(name, 'kept'))
  const dead = names.map(name => hashed(name, 'dead'))
  const bytes = dagCbor.encode({ list: kept.map(({ cid }) => cid), deep: { also: folder(['c']).root } })
  const root: NewBlock = { cid: CID.createV1(DAG_CBOR, sha256(bytes)), bytes, hasLinks: true }
  await putAll(store, [...kept, ...dead, ...folder(['c']).blocks, root])
  await pinsOf(store).add(root.cid, WAIT)
  assert.equal((await gc(store)).removed.toSorted(), hexOf(dead))
  await assertReadable(store, [...kept, ...folder(['c']).blocks, root])
  await healthy(store)
})

test('a block that came in as raw and is pinned as a node keeps what it links to', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const { root, blocks } = folder(['a', 'b'])
  const asRaw = { ...blocks.at(-1)!, cid: CID.createV1(RAW, root.multihash), hasLinks: false }
  await putAll(store, [asRaw, ...blocks.slice(0, 2)])
  await pins.add(asRaw.cid, { ...WAIT, name: 'as raw' })
  await pins.add(root, WAIT)
  assert.equal((await gc(store)).removed, [])
  await pins.rm(root, WAIT)
  assert.equal((await gc(store)).removed.toSorted(), hexOf(blocks.slice(0, 2)))
  assert.ok(store.has(root))
})

test('the same block put as raw by one add and as a node by another is marked as a node', async () => {
  await using store = await freshStore()
  const { root, blocks } = folder(['a', 'b'])
  await putAll(store, [{ ...blocks.at(-1)!, cid: CID.createV1(RAW, root.multihash), hasLinks: false }])
  await using operation = await store.begin('add')
  for (const block of blocks) await operation.put(block)
  await operation.finish(pinStatements([root], { mode: 'recursive', name: '' }))
  assert.equal((await gc(store)).removed, [])
})

test('identity CIDs on the way are followed', async () => {
  await using store = await freshStore()
  const below = leaf('below')
  const inline = node([below.cid])
  const asIdentity = CID.createV1(0x70, create(0, inline.bytes))
  const root = node([asIdentity])
  await putAll(store, [below, root])
  await pinsOf(store).add(root.cid, WAIT)
  assert.equal((await gc(store)).removed, [])
})

test('a diamond of 30 × 60 blocks is marked by visiting each once (H10)', async () => {
  await using store = await freshStore()
  const { root, blocks } = diamond(30, 60)
  await using operation = await store.begin('add')
  for (const block of blocks) await operation.put(block)
  await operation.finish(pinStatements([root], { mode: 'recursive', name: '' }))
  const [marked] = await collect(collectGarbage(store, { graceMs: 0, ...WAIT }))
  assert.ok(marked?.type === 'marked')
  assert.is(marked.blocks, blocks.length)
})

test('marking part by part comes to the same', async () => {
  await using store = await freshStore()
  const [kept, dead] = [
    folder(Array.from({ length: 60 }, (_, i) => `k${i}`)),
    folder(Array.from({ length: 60 }, (_, i) => `d${i}`)),
  ]
  await putAll(store, [...kept.blocks, ...dead.blocks])
  await pinsOf(store).add(kept.root, WAIT)
  const threshold = await openEpoch(store, 0)
  const removed: string[] = []
  for (let index = 0; index < 3; index++) {
    const marks = new Marks({ store, part: { index, count: 3 }, expected: 50, ...WAIT })
    await marks.markRoots()
    const swept = (await collect(sweep({ store, marks, threshold, dryRun: false, ...WAIT }))).flat()
    assert.ok(swept.length > 0 && swept.length < dead.blocks.length)
    removed.push(...swept.map(({ mh }) => Buffer.from(mh).toString('hex')))
  }
  assert.equal(removed.toSorted(), hexOf(dead.blocks))
  await healthy(store)
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
