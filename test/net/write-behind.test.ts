import { MemoryDatastore } from 'datastore-core'
import { type Batch, Key } from 'interface-datastore'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LIMITS } from '../../src/limits.ts'
import { WriteBehindDatastore } from '../../src/net/write-behind.ts'
import { createLogger } from '../../src/observe/log.ts'
import { until } from './fake-wire.ts'

class CountingDatastore extends MemoryDatastore {
  commits = 0
  broken = false

  override batch(): Batch {
    const batch = super.batch()
    const commit = async () => {
      this.commits++
      if (this.broken) throw new Error('disk full')
      await batch.commit()
    }
    return { ...batch, commit }
  }
}

function setUp() {
  const inner = new CountingDatastore()
  const lines: string[] = []
  const log = createLogger({ level: 'info', format: 'json', write: line => lines.push(line) })
  return { inner, lines, datastore: new WriteBehindDatastore(inner, log) }
}

const [a, b, c] = ['/peers/a', '/peers/b', '/other/c'].map(name => new Key(name)) as [Key, Key, Key]
const bytes = (n: number) => Uint8Array.of(n)
const keysOf = async (datastore: WriteBehindDatastore, prefix: string) => {
  const keys: string[] = []
  for await (const key of datastore.queryKeys({ prefix })) keys.push(key.toString())
  return keys.sort()
}

test('reads its own writes before they are written', async () => {
  const { inner, datastore } = setUp()
  await inner.put(a, bytes(1))
  datastore.put(a, bytes(2))
  datastore.put(b, bytes(3))
  assert.equal(await datastore.get(a), bytes(2))
  assert.is(await datastore.has(b), true)
  assert.equal(inner.get(a), bytes(1))
  datastore.delete(a)
  assert.is(await datastore.has(a), false)
  const error = await datastore.get(a).catch(error => error)
  assert.is(error.name, 'NotFoundError')
  await datastore.close()
})

test('what it does not have it reads from below', async () => {
  const { inner, datastore } = setUp()
  await inner.put(a, bytes(1))
  assert.equal(await datastore.get(a), bytes(1))
  assert.is(await datastore.has(b), false)
  await datastore.close()
})

test('lists below and above as one', async () => {
  const { inner, datastore } = setUp()
  await inner.put(a, bytes(1))
  await inner.put(c, bytes(1))
  datastore.put(b, bytes(2))
  assert.equal(await keysOf(datastore, '/peers'), ['/peers/a', '/peers/b'])
  datastore.delete(a)
  assert.equal(await keysOf(datastore, '/peers'), ['/peers/b'])
  const values: Uint8Array[] = []
  for await (const { value } of datastore.query({ prefix: '/peers' })) values.push(value)
  assert.equal(values, [bytes(2)])
  await datastore.close()
})

test('many changes are one transaction, and closing writes them', async () => {
  const { inner, datastore } = setUp()
  for (let n = 0; n < 100; n++) datastore.put(a, bytes(n))
  datastore.put(b, bytes(1))
  await inner.put(c, bytes(1))
  datastore.delete(c)
  await datastore.close()
  assert.is(inner.commits, 1)
  assert.equal(inner.get(a), bytes(99))
  assert.is(inner.has(c), false)
  await datastore.flush()
  assert.is(inner.commits, 1)
})

test('what changes during a flush is not lost', async () => {
  const { inner, datastore } = setUp()
  datastore.put(a, bytes(1))
  const flushed = datastore.flush()
  datastore.put(a, bytes(2))
  await flushed
  assert.equal(await datastore.get(a), bytes(2))
  await datastore.close()
  assert.equal(inner.get(a), bytes(2))
})

test('a disk that takes nothing is said, and holds nobody up', async () => {
  const { inner, lines, datastore } = setUp()
  inner.broken = true
  datastore.put(a, bytes(1))
  await datastore.close()
  assert.match(lines[0] ?? '', 'not written')
})

test('so many changes are not kept waiting', async () => {
  const { inner, datastore } = setUp()
  for (let n = 0; n < LIMITS.networkRecords.value; n++) datastore.put(new Key(`/peers/${n}`), bytes(1))
  await until(() => inner.commits === 1)
  await datastore.close()
})

test.run()
