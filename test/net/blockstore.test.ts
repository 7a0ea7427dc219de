import { randomBytes } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { isCairnError } from '../../src/errors.ts'
import { heliaBlockstore } from '../../src/net/blockstore.ts'
import { MemoryStore } from './memory-store.ts'

const setUp = () => {
  const store = new MemoryStore()
  return { store, blockstore: heliaBlockstore(store.asStore()) }
}
const newBlock = () => {
  const bytes = randomBytes(100)
  return { bytes, cid: CID.createV1(RAW, sha256(bytes)) }
}
async function collect(parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part)
  return Buffer.concat(all)
}

test('gives what the store has, in one piece', async () => {
  const { store, blockstore } = setUp()
  const { bytes } = newBlock()
  const cid = store.add(bytes)
  assert.is(await blockstore.has(cid), true)
  assert.equal(await collect(blockstore.get(cid)), bytes)
  for await (const pair of blockstore.getMany([cid])) assert.equal(await collect(pair.bytes), bytes)
})

test('what is missing is a NotFoundError, the one name Helia asks the network at', async () => {
  const { blockstore } = setUp()
  const { cid } = newBlock()
  assert.is(await blockstore.has(cid), false)
  const error = await collect(blockstore.get(cid)).catch(error => error)
  assert.is(error.name, 'NotFoundError')
  assert.ok(isCairnError(error.cause, 'BLOCK_NOT_LOCAL'))
})

test('takes bytes whole or in parts', async () => {
  const { store, blockstore } = setUp()
  const whole = newBlock()
  const parts = newBlock()
  await blockstore.put(whole.cid, whole.bytes)
  await blockstore.put(parts.cid, [parts.bytes.subarray(0, 40), parts.bytes.subarray(40)])
  assert.equal(await store.get(whole.cid), whole.bytes)
  assert.equal(Buffer.from(await store.get(parts.cid)), parts.bytes)
})

test('refuses bytes that do not hash to their CID', async () => {
  const { store, blockstore } = setUp()
  const { cid } = newBlock()
  const error = await Promise.resolve(blockstore.put(cid, randomBytes(100))).catch(error => error)
  assert.ok(isCairnError(error, 'HASH_MISMATCH'))
  assert.is(store.has(cid), false)
})

test('lets nobody delete or list past the store', () => {
  const { blockstore } = setUp()
  const { cid } = newBlock()
  const forbidden = (error: unknown) => isCairnError(error, 'FORBIDDEN')
  assert.throws(() => blockstore.delete(cid), forbidden)
  assert.throws(() => blockstore.deleteMany([cid]), forbidden)
  assert.throws(() => blockstore.getAll(), forbidden)
})

test.run()
