// CARs over HTTP: bytes of a file, duplicates, tags that differ, and streams that do not end as if they were whole (spec: gateway §2.14).

import type { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseCid } from '../../src/block/cid.ts'
import { readCar } from '../../src/dag/car/car-read.ts'
import { startGateway, type TestGateway } from './support.ts'

let gateway: TestGateway
let file: CID
let folder: CID
let leaves: readonly string[]

test.before(async () => {
  gateway = await startGateway()
  const text = Buffer.from(Array.from({ length: 1026 }, (_, at) => 97 + (at % 25)))
  file = await gateway.add('multi.txt', text, { chunker: 'size-256' })
  const same = { a: 'twice\n', b: 'twice\n', 'multi.txt': text }
  folder = await gateway.addTree(same, { chunker: 'size-256' })
  leaves = (await blocksOf(`/ipfs/${file}?format=car`)).slice(1)
})

test.after(() => gateway.close())

async function blocksOf(target: string, headers: Record<string, string> = {}): Promise<string[]> {
  const answer = await gateway.get(target, headers)
  assert.is(answer.status, 200, target)
  const bytes = new Uint8Array(await answer.arrayBuffer())
  const found: string[] = []
  const car = readCar(once(bytes), { signal: AbortSignal.timeout(20_000) })
  for await (const { cid } of car.blocks) found.push(String(cid))
  assert.is((await car.roots).length, 1)
  return found
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

test('entity-bytes: the blocks of a file that some of its bytes need, and none else', async () => {
  const [l0, l1, l2, l3, l4] = leaves
  const cases: [string, (string | undefined)[]][] = [
    ['0:*', [l0, l1, l2, l3, l4]],
    ['512:*', [l2, l3, l4]],
    ['512:1023', [l2, l3]],
    ['512:-256', [l2, l3]],
    ['-5:*', [l3, l4]],
    ['-9999:*', [l0, l1, l2, l3, l4]],
    ['-9999:-3', [l0, l1, l2, l3]],
    ['0:0', [l0]],
    ['255:256', [l0, l1]],
    ['1000:99999', [l3, l4]],
  ]
  for (const [bytes, wanted] of cases) {
    const found = await blocksOf(`/ipfs/${file}?format=car&dag-scope=entity&entity-bytes=${bytes}`)
    assert.equal(found, [String(file), ...wanted], bytes)
  }
  assert.equal(await blocksOf(`/ipfs/${folder}/multi.txt?format=car&entity-bytes=0:0`), [
    String(folder),
    String(file),
    l0,
  ])
})

test('entity-bytes: alone it means the entity; what is no file has none; no bytes leave the first block', async () => {
  assert.equal(await blocksOf(`/ipfs/${folder}?format=car&entity-bytes=0:0`), [String(folder)])
  assert.equal(await blocksOf(`/ipfs/${file}?format=car&dag-scope=block&entity-bytes=0:*`), [String(file)])
  assert.equal(await blocksOf(`/ipfs/${file}?format=car&entity-bytes=600:-600`), [String(file)])
  const wrong = ['a:b', '5:1', '*:5', '0', '0:1:2', '1.5:2', '1026:*', '5000:6000', '99999999999999999:*']
  for (const bytes of wrong) {
    const answer = await gateway.get(`/ipfs/${file}?format=car&entity-bytes=${encodeURIComponent(bytes)}`)
    assert.is(answer.status, 400, bytes)
  }
})

test('entity-bytes: a block outside of the range need not exist; one inside cuts the stream', async () => {
  const missing = leaves[2] as string
  await withoutBlock(missing, async () => {
    assert.is((await blocksOf(`/ipfs/${file}?format=car&entity-bytes=0:511`)).length, 3)
    assert.is((await blocksOf(`/ipfs/${file}?format=car&entity-bytes=768:*`)).length, 3)
    assert.ok((await gateway.get(`/ipfs/${file}?format=car&entity-bytes=500:600`)).status >= 400)
  })
})

async function withoutBlock(cid: string, run: () => Promise<void>): Promise<void> {
  const { memory } = gateway
  const missing = parseCid(cid)
  const bytes = await memory.get(missing, { signal: AbortSignal.timeout(1000) })
  memory.delete(missing)
  try {
    await run()
  } finally {
    memory.putVerified(missing, bytes)
  }
}

test('dups: each time it is met, or once; the answer says which', async () => {
  const once = await blocksOf(`/ipfs/${folder}?format=car`)
  const every = await blocksOf(`/ipfs/${folder}?format=car&car-dups=y`)
  assert.is(new Set(once).size, once.length)
  assert.is(every.length, once.length + 1)
  assert.equal(new Set(every), new Set(once))
  const accept = { Accept: 'application/vnd.ipld.car; order=dfs; dups=y' }
  assert.is((await blocksOf(`/ipfs/${folder}?format=car`, accept)).length, every.length, 'Accept says more than format')
  assert.is((await blocksOf(`/ipfs/${folder}?format=car&car-dups=n`, accept)).length, once.length, 'the URL says most')
  const answer = await gateway.get(`/ipfs/${folder}?format=car&car-dups=y&car-order=unk`)
  assert.is(answer.headers.get('content-type'), 'application/vnd.ipld.car; version=1; order=dfs; dups=y')
})

test('CARs that differ have tags that differ; the same CAR has the same', async () => {
  const tagOf = async (query: string) =>
    (await gateway.get(`/ipfs/${folder}/multi.txt?format=car${query}`)).headers.get('etag')
  const queries = [
    '',
    '&dag-scope=block',
    '&dag-scope=entity',
    '&entity-bytes=0:5',
    '&entity-bytes=0:900',
    '&car-dups=y',
  ]
  const tags = await Promise.all(queries.map(tagOf))
  assert.is(new Set(tags).size, queries.length)
  assert.is(await tagOf('&dag-scope=all&car-version=1&car-order=dfs&car-dups=n'), tags[0])
  const other = (await gateway.get(`/ipfs/${folder}/a?format=car`)).headers.get('etag')
  assert.not.ok(tags.includes(other))
  for (const query of ['&car-version=2', '&car-order=bfs', '&car-dups=maybe', '&dag-scope=some']) {
    assert.is((await gateway.get(`/ipfs/${folder}?format=car${query}`)).status, 400, query)
  }
  const ranged = await gateway.get(`/ipfs/${folder}?format=car`, { Range: 'bytes=0-9' })
  assert.equal([ranged.status, ranged.headers.get('accept-ranges')], [200, 'none'])
})

test.run()
