import { closeSync, openSync, readdirSync, readlinkSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { packFile } from '../../src/store/paths.ts'
import { BlockCache } from '../../src/store/read/cache.ts'
import type { Store } from '../../src/store/store.ts'
import { KiB, MiB } from '../../src/units.ts'
import { assertBooks, assertReadable, freshStore, leaf, node, putAll, rejects, WAIT } from './support.ts'

interface Place {
  readonly pack: number
  readonly at: number
}
const placeOf = (store: Store, { cid }: { cid: { multihash: { bytes: Uint8Array } } }): Place =>
  store.database.get<Place & Record<string, unknown>>(
    'SELECT pack, at FROM blocks WHERE mh = ?',
    cid.multihash.bytes,
  ) as Place

function overwrite(file: string, at: number, bytes: Uint8Array): void {
  const fd = openSync(file, 'r+')
  writeSync(fd, bytes, 0, bytes.byteLength, at)
  closeSync(fd)
}

test('a flipped bit in a pack is found, put aside, and heals with the next put', async () => {
  const store = await freshStore()
  const blocks = Array.from({ length: 10 }, (_, index) => leaf(`rot ${index}`, 80 * KiB))
  await putAll(store, blocks)
  const [victim, healed] = [blocks[3]!, blocks[5]!]
  for (const block of [victim, healed]) {
    const { pack, at } = placeOf(store, block)
    overwrite(packFile(store.path, pack), at + 1000, new Uint8Array([1, 2, 3]))
  }
  await rejects(store.get(victim.cid, WAIT), 'CORRUPT_BLOCK')
  assert.not(store.has(victim.cid))
  assert.is(store.stat(victim.cid), undefined)
  assert.is(placeOf(store, victim).pack, -2, 'the row stays, without a place')
  assert.is(readdirSync(join(store.path, 'quarantine')).length, 1)
  await rejects(store.borrow(victim.cid, WAIT), 'CORRUPT_BLOCK')
  assertBooks(store)
  await putAll(store, [victim])
  await assertReadable(store, [victim])
  // Fetched again for a reader: it was kept, so it is kept again.
  await rejects(store.get(healed.cid, WAIT), 'CORRUPT_BLOCK')
  await store.cache(healed.cid, healed.bytes)
  assert.is(store.stat(healed.cid)?.kept, true)
  await assertReadable(store, blocks)
  assertBooks(store)
  await store[Symbol.asyncDispose]()
})

test('a damaged inline block is not peeked at, and a missing file is damage', async () => {
  const store = await freshStore()
  const inner = node([leaf('a').cid, leaf('b').cid])
  await putAll(store, [inner])
  await store.database.transact(tx => tx.run("UPDATE data SET bytes = x'00112233'"))
  assert.is(store.peek(inner.cid), undefined)
  await rejects(store.get(inner.cid, WAIT), 'CORRUPT_BLOCK')
  const [file, other] = [leaf('a file', 200 * KiB), leaf('another file', 200 * KiB)]
  await putAll(store, [file])
  await putAll(store, [other])
  const found = readdirSync(join(store.path, 'blocks'), { recursive: true, encoding: 'utf8' }).filter(name =>
    name.endsWith('.data'),
  )
  assert.is(found.length, 2)
  for (const name of found) rmSync(join(store.path, 'blocks', name))
  await rejects(store.get(file.cid, WAIT), 'CORRUPT_BLOCK')
  await putAll(store, [file])
  await assertReadable(store, [file])
  await store[Symbol.asyncDispose]()
})

test('a folder of packs that is empty as a whole condemns nothing', async () => {
  const store = await freshStore()
  const blocks = Array.from({ length: 4 }, (_, index) => leaf(`unmounted ${index}`, 80 * KiB))
  await putAll(store, blocks)
  const { pack } = placeOf(store, blocks[0]!)
  const aside = join(store.path, 'aside.pack')
  renameSync(packFile(store.path, pack), aside)
  await rejects(store.get(blocks[0]!.cid, WAIT), 'CORRUPT_BLOCK')
  renameSync(aside, packFile(store.path, pack))
  await assertReadable(store, blocks)
  await store[Symbol.asyncDispose]()
})

test('a block that moves while it is read is found at its new place', async () => {
  const store = await freshStore()
  const blocks = Array.from({ length: 4 }, (_, index) => leaf(`moving ${index}`, 80 * KiB))
  await putAll(store, blocks)
  const block = blocks[0]!
  const { pack } = placeOf(store, block)
  const reading = store.get(block.cid, WAIT)
  // Before the read reaches the file: the row points elsewhere, and the pack is gone.
  const other = new DatabaseSync(join(store.path, 'cairn.db'))
  const id = other.prepare('INSERT INTO data (bytes) VALUES (?)').run(block.bytes).lastInsertRowid
  other.prepare('UPDATE blocks SET pack = 0, at = ? WHERE mh = ?').run(id, block.cid.multihash.bytes)
  other.close()
  rmSync(packFile(store.path, pack))
  assert.ok(Buffer.compare(await reading, block.bytes) === 0)
  await store[Symbol.asyncDispose]()
})

test('verify: full hashes on every read', async () => {
  const store = await freshStore({ verify: 'full', cacheBytes: 0 })
  const blocks = Array.from({ length: 4 }, (_, index) => leaf(`full ${index}`, 80 * KiB))
  await putAll(store, blocks)
  await assertReadable(store, blocks)
  const { pack, at } = placeOf(store, blocks[0]!)
  overwrite(packFile(store.path, pack), at, new Uint8Array(80 * KiB))
  const { crc32 } = await import('node:zlib')
  await store.database.transact(tx =>
    tx.run('UPDATE blocks SET crc = ? WHERE mh = ?', crc32(new Uint8Array(80 * KiB)), blocks[0]!.cid.multihash.bytes),
  )
  await rejects(store.get(blocks[0]!.cid, WAIT), 'CORRUPT_BLOCK')
  await store[Symbol.asyncDispose]()
})

test('an aborted signal ends a read before it begins', async () => {
  const store = await freshStore()
  const block = leaf('aborted', 80 * KiB)
  await putAll(store, [block])
  const error = await store.get(block.cid, { signal: AbortSignal.abort() }).catch(cause => cause)
  assert.is(error.name, 'AbortError')
  await store[Symbol.asyncDispose]()
})

test('borrowed buffers are used again after their release, not before', async () => {
  const store = await freshStore()
  const blocks = Array.from({ length: 6 }, (_, index) => leaf(`lent ${index}`, MiB))
  await putAll(store, blocks)
  const [one, two] = await Promise.all([store.borrow(blocks[0]!.cid, WAIT), store.borrow(blocks[1]!.cid, WAIT)])
  assert.not.ok(one.bytes.buffer === two.bytes.buffer)
  const memory = one.bytes.buffer
  one.release()
  one.release()
  const three = await store.borrow(blocks[2]!.cid, WAIT)
  assert.ok(three.bytes.buffer === memory)
  const four = await store.borrow(blocks[3]!.cid, WAIT)
  assert.not.ok(four.bytes.buffer === memory, 'a second release gave nothing back')
  for (const [lent, block] of [
    [two, blocks[1]!],
    [three, blocks[2]!],
    [four, blocks[3]!],
  ] as const)
    assert.ok(Buffer.compare(lent.bytes, block.bytes) === 0)
  await store[Symbol.asyncDispose]()
})

test('the memory cache is bounded by bytes and drops what was used longest ago', () => {
  const cache = new BlockCache(4000)
  for (const key of ['a', 'b', 'c']) cache.set(key, new Uint8Array(1000))
  assert.ok(cache.get('a'))
  cache.set('d', new Uint8Array(1000))
  assert.is(cache.get('b'), undefined)
  assert.ok(cache.get('a') && cache.get('c') && cache.get('d'))
  cache.set('huge', new Uint8Array(5000))
  assert.is(cache.get('huge'), undefined)
  assert.ok(cache.usedBytes <= 4000)
  cache.delete('a')
  cache.delete('a')
  cache.delete('c')
  cache.delete('d')
  assert.is(cache.usedBytes, 0)
})

test('the descriptor of a dead pack is given up within a second', async () => {
  if (process.platform !== 'linux') return
  const store = await freshStore()
  const blocks = Array.from({ length: 4 }, (_, index) => leaf(`dead ${index}`, 80 * KiB))
  await putAll(store, blocks)
  const { pack } = placeOf(store, blocks[0]!)
  await store[Symbol.asyncDispose]()
  const { openAt } = await import('./support.ts')
  const reader = await openAt(store.path)
  await assertReadable(reader, blocks)
  const isOpen = () =>
    readdirSync('/proc/self/fd').some(fd => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).endsWith(`packs/${pack}.pack`)
      } catch {
        return false
      }
    })
  assert.ok(isOpen())
  const other = new DatabaseSync(join(store.path, 'cairn.db'))
  other.prepare('INSERT INTO dead (pack) VALUES (?)').run(pack)
  other.close()
  for (let turn = 0; turn < 100 && isOpen(); turn++) await setTimeout(50)
  assert.not(isOpen())
  await reader[Symbol.asyncDispose]()
})

test.run()
