import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pinStatements } from '../../src/pins/pins.ts'
import { workOffDead } from '../../src/store/collect/dead.ts'
import { packFile } from '../../src/store/paths.ts'
import type { Store } from '../../src/store/store.ts'
import { BlockFiles } from '../../src/store/write/files.ts'
import { folder } from '../pins/dags.ts'
import { findings, gc, pinsOf } from '../pins/support.ts'
import { assertBooks, assertReadable, freshStore, leaf, openAt, putAll, WAIT } from './support.ts'

const packs = (store: Store) =>
  store.database.all<{ id: number; owner: number | null; committed: number; live: number; sealed: number }>(
    'SELECT id, owner, committed, live, sealed FROM packs ORDER BY id',
  )
const packFiles = (store: Store) => readdirSync(join(store.path, 'packs')).sort()

/** Reopens it, so that the pack of the process before is released. */
async function reopened(store: Store): Promise<Store> {
  await store[Symbol.asyncDispose]()
  return openAt(store.path)
}

async function addPinned(store: Store, seeds: readonly string[], sizeBytes: number) {
  const dag = folder(seeds, sizeBytes)
  await using operation = await store.begin('add')
  for (const block of dag.blocks) await operation.put(block)
  await operation.finish(pinStatements([dag.root], { mode: 'recursive', name: seeds[0]! }))
  return dag
}

const seeds = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix} ${index}`)

test('a pack without rows is unlinked', async () => {
  const first = await freshStore()
  const dag = await addPinned(first, seeds('a', 40), 10_000)
  await using store = await reopened(first)
  assert.equal(packFiles(store), ['1.pack'])
  await pinsOf(store).rm(dag.root, WAIT)
  const { done } = await gc(store)
  assert.ok(done.freedBytes >= 400_000, `${done.freedBytes} bytes freed`)
  assert.equal(packFiles(store), [])
  assert.equal(packs(store), [])
  assertBooks(store)
  assert.equal(await findings(store), [])
})

test('of a pack that is mostly dead the survivors move, readable all the while, and the old one goes', async () => {
  const first = await freshStore()
  const [kept, dead] = [await addPinned(first, seeds('k', 10), 10_000), await addPinned(first, seeds('d', 40), 10_000)]
  await using store = await reopened(first)
  await pinsOf(store).rm(dead.root, WAIT)
  await assertReadable(store, kept.blocks)
  await gc(store)
  await assertReadable(store, kept.blocks)
  assert.equal(packFiles(store), ['2.pack'])
  assert.equal(
    packs(store).map(({ id, owner, sealed }) => ({ id, owner, sealed })),
    [{ id: 2, owner: null, sealed: 0 }],
    'and the new one can be adopted by the next writer',
  )
  assertBooks(store)
  assert.equal(await findings(store), [])
  await using again = await reopened(store)
  await assertReadable(again, kept.blocks)
})

test('other processes let go of a pack soon after it was unlinked', async () => {
  const first = await freshStore()
  const [kept, dead] = [await addPinned(first, seeds('k', 10), 10_000), await addPinned(first, seeds('d', 40), 10_000)]
  await using store = await reopened(first)
  await using reader = await openAt(store.path)
  await assertReadable(reader, kept.blocks)
  await pinsOf(store).rm(dead.root, WAIT)
  await gc(store)
  if (process.platform !== 'linux') return
  const heldDeleted = () =>
    readdirSync('/proc/self/fd').some(fd => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).endsWith('1.pack (deleted)')
      } catch {
        // The descriptor of the listing itself is closed by now.
        return false
      }
    })
  for (let tries = 0; heldDeleted() && tries < 300; tries++) await new Promise(resolve => setTimeout(resolve, 10))
  assert.not(heldDeleted())
  await assertReadable(reader, kept.blocks)
})

test('a pack that is mostly alive is left alone', async () => {
  const first = await freshStore()
  await addPinned(first, seeds('k', 40), 10_000)
  const dead = await addPinned(first, seeds('d', 10), 10_000)
  await using store = await reopened(first)
  await pinsOf(store).rm(dead.root, WAIT)
  await gc(store)
  assert.equal(packFiles(store), ['1.pack'])
  assertBooks(store)
})

test('a pack that a living process appends to is never taken from it', async () => {
  await using store = await freshStore()
  const dead = await addPinned(store, seeds('d', 40), 10_000)
  await pinsOf(store).rm(dead.root, WAIT)
  await gc(store)
  assert.is(packs(store)[0]?.sealed, 0)
  const next = await addPinned(store, seeds('n', 40), 10_000)
  await assertReadable(store, next.blocks)
  assert.equal(packFiles(store), ['1.pack'])
  assertBooks(store)
})

test('small sealed packs are merged', async () => {
  let store = await freshStore()
  const dags = []
  for (const prefix of ['a', 'b', 'c']) {
    dags.push(await addPinned(store, seeds(prefix, 20), 10_000))
    store = await reopened(store)
    await store.write([{ sql: 'UPDATE packs SET sealed = 1', params: [] }])
  }
  assert.is(packFiles(store).length, 3)
  await gc(store)
  assert.is(packFiles(store).length, 1)
  for (const { blocks } of dags) await assertReadable(store, blocks)
  assertBooks(store)
  assert.equal(await findings(store), [])
  await store[Symbol.asyncDispose]()
})

test('a rotten survivor keeps its pack; the others move', async () => {
  const first = await freshStore()
  const kept = await addPinned(first, seeds('k', 10), 10_000)
  const dead = await addPinned(first, seeds('d', 40), 10_000)
  await using store = await reopened(first)
  const [rotten] = kept.blocks
  const { at } = store.database.get<{ at: number }>('SELECT at FROM blocks WHERE mh = ?', rotten!.cid.multihash.bytes)!
  overwrite(packFile(store.path, 1), at + 5)
  await pinsOf(store).rm(dead.root, WAIT)
  await gc(store)
  assert.equal(packFiles(store), ['1.pack', '2.pack'])
  await assertReadable(store, kept.blocks.slice(1))
  assertBooks(store)
  assert.equal(
    (await findings(store)).filter(found => found.startsWith('error')),
    ['error bad-hash'],
  )
})

test('a pack whose file is missing does not stop a collection', async () => {
  const first = await freshStore()
  await addPinned(first, seeds('k', 10), 10_000)
  const dead = await addPinned(first, seeds('d', 40), 10_000)
  await using store = await reopened(first)
  rmSync(packFile(store.path, 1))
  await pinsOf(store).rm(dead.root, WAIT)
  const { done } = await gc(store)
  assert.is(done.removedBlocks, 41)
  assert.is(packs(store).length, 1, 'its rows and its row stay, for the check to tell')
  assert.ok((await findings(store)).includes('error missing-pack'))
})

test('the pack of a dead process is sealed at what was committed', async () => {
  const first = await freshStore()
  const dag = await addPinned(first, seeds('k', 20), 10_000)
  await using store = await reopened(first)
  await store.write([
    { sql: 'INSERT INTO leases (id, pid, started) VALUES (77, 1, 0)', params: [] },
    { sql: 'UPDATE packs SET owner = 77', params: [] },
  ])
  assert.equal((await findings(store)).toSorted(), ['note dead-lease', 'note unsealed-pack'])
  await gc(store)
  assert.is(packs(store).filter(({ owner }) => owner !== null).length, 0)
  await assertReadable(store, dag.blocks)
  assert.equal(await findings(store), [])
})

test('what a killed process left in the dead list is worked off, and a file that is in use again stays', async () => {
  await using store = await freshStore()
  const [gone, back] = [leaf('gone', 100_000), leaf('back', 100_000)]
  for (const { cid, bytes } of [gone, back]) await store.cache(cid, bytes)
  await putAll(store, [leaf('written after them')])
  const files = new BlockFiles(store.path)
  const fileOf = ({ cid }: { cid: { multihash: { bytes: Uint8Array } } }) => files.fileOf(cid.multihash.bytes)
  // As a sweep leaves it that was killed before it unlinked anything.
  await store.database.transact(tx => {
    tx.run('INSERT INTO dead (pack, mh, size) VALUES (-1, ?, 100000)', gone.cid.multihash.bytes)
    tx.run('INSERT INTO dead (pack, mh, size) VALUES (-1, ?, 100000)', back.cid.multihash.bytes)
    tx.run('DELETE FROM blocks WHERE mh = ?', gone.cid.multihash.bytes)
    tx.run('DELETE FROM cache_use WHERE mh = ?', gone.cid.multihash.bytes)
    tx.run("UPDATE counters SET value = value - 1 WHERE name = 'blocks'")
    tx.run("UPDATE counters SET value = value - 100000 WHERE name = 'block_bytes'")
    tx.run("UPDATE counters SET value = value + 100000 WHERE name = 'file_bytes'")
  })
  assertBooks(store)
  assert.equal(await findings(store), ['note dead-places'])
  assert.is(await workOffDead(store, WAIT), 100_000)
  assert.not(existsSync(fileOf(gone)))
  assert.ok(existsSync(fileOf(back)))
  await assertReadable(store, [back])
  assertBooks(store)
  assert.equal(await findings(store), [])
})

test('a pack in the dead list that still has rows is not unlinked', async () => {
  const first = await freshStore()
  const dag = await addPinned(first, seeds('k', 20), 10_000)
  await using store = await reopened(first)
  await store.write([
    { sql: 'UPDATE packs SET sealed = 1', params: [] },
    { sql: 'INSERT INTO dead (pack, size) VALUES (1, 1)', params: [] },
  ])
  assert.is(await workOffDead(store, WAIT), 0)
  await assertReadable(store, dag.blocks)
})

test('a file without a row, as a kill before the commit leaves it, goes with the next collection', async () => {
  await using store = await freshStore()
  const { cid, bytes } = leaf('orphan', 100_000)
  await putAll(store, [leaf('written before it')])
  await store.cache(cid, bytes)
  await putAll(store, [leaf('written after it')])
  const file = new BlockFiles(store.path).fileOf(cid.multihash.bytes)
  const stray = new BlockFiles(store.path).fileOf(leaf('stray').cid.multihash.bytes)
  mkdirSync(dirname(stray), { recursive: true })
  writeFileSync(stray, 'abc')
  assert.equal(await findings(store), ['note orphan-file'])
  await gc(store, { graceMs: 3_600_000 })
  assert.not(existsSync(stray))
  assert.ok(existsSync(file), 'and the one that has a row stays')
})

function overwrite(file: string, at: number): void {
  const fd = openSync(file, 'r+')
  writeSync(fd, Buffer.from([0xff, 0x00, 0xff, 0x00]), 0, 4, at)
  closeSync(fd)
  assert.ok(statSync(file).size > at)
}

test.run()
