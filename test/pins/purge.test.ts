import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SILENT } from '../../src/observe/log.ts'
import { purgeBlocks } from '../../src/pins/purge.ts'
import { holdDead } from '../../src/store/collect/hold.ts'
import type { Store } from '../../src/store/store.ts'
import { KiB, MiB } from '../../src/units.ts'
import { assertReadable, freshStore, leaf, openAt, putAll, rejects, WAIT } from '../store/support.ts'
import { folder } from './dags.ts'
import { healthy, pinsOf } from './support.ts'

const OPTIONS = { ...WAIT, log: SILENT }

/** Whether the bytes lie anywhere in the repository; its files are only read when no process has it open. */
function isOnDisk(path: string, bytes: Uint8Array): boolean {
  const part = Buffer.from(bytes.subarray(0, 64))
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .some(entry => readFileSync(join(entry.parentPath, entry.name)).includes(part))
}

async function prepare(): Promise<{ store: Store; taken: ReturnType<typeof leaf>[]; kept: ReturnType<typeof leaf>[] }> {
  const store = await freshStore()
  const packed = Array.from({ length: 8 }, (_, index) => leaf(`packed ${index}`, MiB))
  await putAll(store, packed)
  await putAll(store, [leaf('inline', 2 * KiB), leaf('inline kept', 2 * KiB)])
  const other = await openAt(store.path)
  await putAll(other, [leaf('in a file', MiB)])
  await other[Symbol.asyncDispose]()
  const taken = [packed[3]!, leaf('inline', 2 * KiB), leaf('in a file', MiB)]
  return { store, taken, kept: [...packed.filter(block => block !== packed[3]), leaf('inline kept', 2 * KiB)] }
}

test('what is purged is on the disk no more: in a pack, inline, in a file; its neighbours stay', async () => {
  const { store, taken, kept } = await prepare()
  await store.database.transact(tx => tx.run('DELETE FROM operations'))
  const gone = await purgeBlocks(
    store,
    taken.map(({ cid }) => cid),
    OPTIONS,
  )
  assert.is(gone.length, 3)
  for (const { cid } of taken) await rejects(store.get(cid, WAIT), 'BLOCK_NOT_LOCAL')
  await assertReadable(store, kept)
  await healthy(store)
  await store[Symbol.asyncDispose]()
  for (const { bytes } of taken) assert.not(isOnDisk(store.path, bytes))
  for (const { bytes } of kept) assert.ok(isOnDisk(store.path, bytes))
})

test('what a pin keeps is purged with force alone; a backup is waited for', async () => {
  await using store = await freshStore()
  const { root, blocks } = folder(['a', 'b'], MiB)
  await putAll(store, blocks)
  await pinsOf(store).add(root, WAIT)
  const { cid } = blocks[0]!
  await rejects(purgeBlocks(store, [cid], OPTIONS), 'FORBIDDEN')
  const hold = await holdDead(store)
  await rejects(purgeBlocks(store, [cid], { ...OPTIONS, force: true }), 'FORBIDDEN')
  await hold[Symbol.asyncDispose]()
  assert.ok(store.has(cid))
  assert.is((await purgeBlocks(store, [cid], { ...OPTIONS, force: true })).length, 1)
  assert.not(store.has(cid))
  assert.is((await purgeBlocks(store, [cid], { ...OPTIONS, force: true })).length, 0)
  await assertReadable(store, blocks.slice(1))
})

test.run()
