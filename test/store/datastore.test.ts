import { Key } from 'interface-datastore'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sqliteDatastore } from '../../src/store/datastore.ts'
import { freshStore, openAt } from './support.ts'

const key = (text: string) => new Key(text)
const value = (text: string) => new TextEncoder().encode(text)

async function keysOf(pairs: AsyncIterable<{ key: Key }> | Iterable<{ key: Key }>): Promise<string[]> {
  const keys: string[] = []
  for await (const pair of pairs) keys.push(pair.key.toString())
  return keys
}

for (const commit of ['inline', 'worker'] as const) {
  test(`records are put, replaced, found and deleted, and outlive the process (${commit})`, async () => {
    const store = await freshStore({ commit })
    const datastore = sqliteDatastore(store)
    await datastore.put(key('/a/1'), value('one'))
    await datastore.put(key('/a/1'), value('uno'))
    await datastore.put(key('/a/2'), value('two'))
    assert.equal(Uint8Array.from(await datastore.get(key('/a/1'))), value('uno'))
    assert.is(await datastore.has(key('/a/1')), true)
    assert.is(await datastore.has(key('/a')), false)
    await datastore.delete(key('/a/2'))
    await datastore.delete(key('/a/2'))
    const missing = await Promise.resolve()
      .then(() => datastore.get(key('/a/2')))
      .catch(error => error)
    assert.is(missing.name, 'NotFoundError')
    await store[Symbol.asyncDispose]()
    const again = await openAt(store.path, { commit })
    assert.equal(Uint8Array.from(await sqliteDatastore(again).get(key('/a/1'))), value('uno'))
    await again[Symbol.asyncDispose]()
  })
}

test('a batch is one transaction', async () => {
  const store = await freshStore()
  const datastore = sqliteDatastore(store)
  await datastore.put(key('/old'), value('old'))
  const batch = datastore.batch()
  for (let index = 0; index < 20; index++) batch.put(key(`/b/${index}`), value(String(index)))
  batch.delete(key('/old'))
  assert.is(await datastore.has(key('/b/0')), false)
  let commits = 0
  const stop = store.onCommit(() => commits++)
  await batch.commit()
  stop()
  assert.is(commits, 1)
  assert.is(await datastore.has(key('/b/19')), true)
  assert.is(await datastore.has(key('/old')), false)
  await store[Symbol.asyncDispose]()
})

test('queries: prefix, filters, orders, offset, limit, many pages, changes in between', async () => {
  const store = await freshStore()
  const datastore = sqliteDatastore(store)
  const batch = datastore.batch()
  for (let index = 0; index < 1200; index++)
    batch.put(key(`/many/${String(index).padStart(5, '0')}`), value(`${index}`))
  batch.put(key('/manyother'), value('x'))
  batch.put(key('/zz/ünïcode'), value('y'))
  await batch.commit()
  assert.is((await keysOf(datastore.query({ prefix: '/many/' }))).length, 1200)
  assert.is((await keysOf(datastore.query({}))).length, 1202)
  assert.equal(await keysOf(datastore.query({ prefix: '/zz' })), ['/zz/ünïcode'])
  assert.equal(await keysOf(datastore.query({ prefix: '/many/', offset: 598, limit: 3 })), [
    '/many/00598',
    '/many/00599',
    '/many/00600',
  ])
  const even = datastore.query({ prefix: '/many/', filters: [pair => Number(pair.key.name()) % 2 === 0], limit: 2 })
  assert.equal(await keysOf(even), ['/many/00000', '/many/00002'])
  const keys: string[] = []
  for await (const found of datastore.queryKeys({
    prefix: '/many/',
    orders: [(a, b) => (a.toString() < b.toString() ? 1 : -1)],
    limit: 1,
  }))
    keys.push(found.toString())
  assert.equal(keys, ['/many/01199'])
  let seen = 0
  for await (const _ of datastore.query({ prefix: '/many/' })) {
    // Nothing is open between two records: others may write.
    if (seen++ === 10) await datastore.delete(key('/many/01000'))
  }
  assert.is(seen, 1199)
  await store[Symbol.asyncDispose]()
})

test.run()
