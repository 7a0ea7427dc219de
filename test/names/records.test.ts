import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compareRecords, maxAgeSecs, validateRecord } from '../../src/names/validate.ts'
import { FAR, inSeconds, makePublisher, makeRecord } from './signing.ts'
import { failureOf, openNames, soon } from './support.ts'

const VALUE = '/ipfs/bafkqaaa'

for (const type of ['Ed25519', 'secp256k1', 'ECDSA', 'RSA'] as const) {
  test(`a record signed by a key of type ${type} is valid for its name and for no other`, async () => {
    const publisher = await makePublisher(type)
    const other = await makePublisher(type)
    const bytes = await makeRecord(publisher, { value: VALUE })
    assert.is((await validateRecord(publisher.name, bytes, soon())).value, VALUE)
    assert.is((await failureOf(validateRecord(other.name, bytes, soon()))).code, 'BAD_RECORD')
    for (const at of [bytes.length - 1, bytes.length - 40]) {
      const flipped = Uint8Array.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      assert.is((await failureOf(validateRecord(publisher.name, flipped, soon()))).code, 'BAD_RECORD')
    }
  })
}

test('a key that is not in its name has to come with the record', async () => {
  const publisher = await makePublisher('RSA')
  const bytes = await makeRecord(publisher, { value: VALUE, withoutKey: true })
  assert.match((await failureOf(validateRecord(publisher.name, bytes, soon()))).message, /neither in its name nor/)
})

test('every prefix and every flipped byte of a record is refused', async () => {
  const publisher = await makePublisher()
  const bytes = await makeRecord(publisher, { value: VALUE })
  for (let length = 0; length < bytes.length; length++)
    await failureOf(validateRecord(publisher.name, bytes.subarray(0, length), soon()))
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Uint8Array.from(bytes)
    flipped[at] = (flipped[at] ?? 0) ^ 0x10
    await failureOf(validateRecord(publisher.name, flipped, soon()))
  }
})

test('the newest record wins: by sequence, then by the later end', async () => {
  await using node = await openNames()
  const publisher = await makePublisher()
  const key = publisher.name.text
  const make = (sequence: bigint, validity = FAR) =>
    makeRecord(publisher, { value: `${VALUE}/${sequence}/${validity.slice(0, 4)}`, sequence, validity })
  await node.names.put(key, await make(5n), soon())
  await node.names.put(key, await make(5n), soon())
  assert.is((await failureOf(node.names.put(key, await make(4n), soon()))).code, 'STALE_RECORD')
  assert.is((await failureOf(node.names.put(key, await make(5n, '2119-01-01T00:00:00Z'), soon()))).code, 'STALE_RECORD')
  await node.names.put(key, await make(5n, '2121-01-01T00:00:00Z'), soon())
  assert.is((await node.names.record(key, soon())).value, `${VALUE}/5/2121`)
  await node.names.put(key, await make((1n << 64n) - 1n), soon())
  assert.is((await node.again().record(key, soon())).sequence, (1n << 64n) - 1n)
})

test('of records put at the same time the newest stays', async () => {
  await using node = await openNames()
  const publisher = await makePublisher()
  const records = await Promise.all(
    Array.from({ length: 8 }, (_, index) => makeRecord(publisher, { value: VALUE, sequence: BigInt(index) })),
  )
  const puts = records.map(bytes => node.again().put(publisher.name.text, bytes, soon()))
  const outcomes = await Promise.allSettled(puts)
  assert.is(outcomes.at(-1)?.status, 'fulfilled')
  assert.is((await node.again().record(publisher.name.text, soon())).sequence, 7n)
})

test('a record is neither taken nor given when its time is over, and may then be replaced by any other', async () => {
  await using node = await openNames()
  const publisher = await makePublisher()
  const key = publisher.name.text
  const brief = await makeRecord(publisher, { value: VALUE, sequence: 9n, validity: inSeconds(1.2) })
  const { ttlSecs } = await node.names.put(key, brief, soon())
  assert.ok(ttlSecs <= 1, `${ttlSecs} s of a record that ends in one second`)
  while ((await node.names.record(key, soon()).catch(error => error.code)) !== 'BAD_RECORD')
    await new Promise(resolve => setTimeout(resolve, 50))
  assert.match((await failureOf(node.names.put(key, brief, soon()))).message, /its validity ended/)
  await node.names.put(key, await makeRecord(publisher, { value: VALUE, sequence: 1n }), soon())
  assert.is((await node.names.record(key, soon())).sequence, 1n)
})

test('bytes that rotted in the repository are not served', async () => {
  await using node = await openNames()
  const publisher = await makePublisher()
  const bytes = await makeRecord(publisher, { value: VALUE })
  await node.names.put(publisher.name.text, bytes, soon())
  const rotten = Uint8Array.from(bytes)
  rotten[100] = (rotten[100] ?? 0) ^ 1
  await node.store.write([{ sql: "UPDATE datastore SET value = ? WHERE key LIKE '/names/%'", params: [rotten] }])
  assert.is((await failureOf(node.names.record(publisher.name.text, soon()))).code, 'BAD_RECORD')
})

test('how long a record may be cached: its time to live, its end, and what fits into a header', () => {
  const second = 1_000_000_000n
  assert.is(maxAgeSecs(1800n * second, 1e15, 0), 1800)
  assert.is(maxAgeSecs(3_155_760_000n * second, 1e15, 0), 2 ** 31 - 1)
  assert.is(maxAgeSecs((1n << 64n) - 1n, Number.MAX_SAFE_INTEGER, 0), 2 ** 31 - 1)
  assert.is(maxAgeSecs(1800n * second, 60_500, 0), 60)
  assert.is(maxAgeSecs(1800n * second, 0, 60_000), 0)
  assert.is(maxAgeSecs(0n, 1e15, 0), 0)
})

test('the order of records is total', async () => {
  const publisher = await makePublisher()
  const bytes = [
    await makeRecord(publisher, { value: '/ipfs/bafkqaaa/a' }),
    await makeRecord(publisher, { value: '/ipfs/bafkqaaa/b' }),
  ]
  const [a, b] = await Promise.all(bytes.map(each => validateRecord(publisher.name, each, soon())))
  if (a === undefined || b === undefined) throw new Error('unreachable')
  assert.is(Math.sign(compareRecords(a, b)), -Math.sign(compareRecords(b, a)))
  assert.is(compareRecords(a, a), 0)
})

test.run()
