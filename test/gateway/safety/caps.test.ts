import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withGateway } from '../support.ts'
import { logged, refused } from './support.ts'

const KiB = 1024

test('what is larger than gateway.maxBytes is 410 in every whole form, blocks are not', async () => {
  await withGateway({ config: { maxBytes: '300KiB' } }, async gateway => {
    const small = await gateway.addTree({ 'a.txt': new Uint8Array(100 * KiB) })
    const large = await gateway.addTree({ 'a.bin': new Uint8Array(400 * KiB), 'b.txt': 'b' }, {
      chunk: 64 * KiB,
    } as never)
    assert.is((await gateway.get(`/ipfs/${small}/a.txt`)).status, 200)
    assert.is((await gateway.get(`/ipfs/${small}?format=car`)).status, 200)
    const before = refused('bytes')
    const paths = [
      `${large}/a.bin`,
      `${large}/a.bin?format=tar`,
      `${large}/?format=car`,
      `${large}/?format=tar`,
      `${large}/?cairn=zip`,
    ]
    for (const path of paths) {
      const answer = await gateway.get(`/ipfs/${path}`)
      assert.is(answer.status, 410, path)
      assert.is(answer.headers.get('cache-control'), 'no-store')
      const text = await answer.text()
      assert.match(text, 'this gateway serves up to 300 KiB')
      assert.match(text, 'Fetch it with a node of your own')
    }
    assert.is(refused('bytes'), before + paths.length)
    const range = await gateway.get(`/ipfs/${large}/a.bin`, { range: 'bytes=0-9' })
    assert.is(range.status, 410, 'nor in parts')
    const head = await fetch(`${gateway.url}/ipfs/${large}/a.bin`, { method: 'HEAD' })
    assert.is(head.status, 410)
    for (const path of [`${large}/b.txt`, `${large}?format=raw`, `${large}/?format=car&dag-scope=block`, `${large}/`])
      assert.is((await gateway.get(`/ipfs/${path}`)).status, 200, path)
  })
})

test('a folder that lies about its size is broken off where the limit is', async () => {
  const { log, lines } = logged()
  await withGateway({ log, config: { maxBytes: '1MiB' } }, async gateway => {
    // The same big file many times: each link tells the truth, so the folder is made to tell less.
    const file = await gateway.add('f', Buffer.alloc(700 * KiB, 'x'))
    const { createNode } = await lyingFolder(file)
    gateway.memory.put(createNode)
    const answer = await gateway.raw(`GET /ipfs/${createNode.cid}/?format=tar HTTP/1.1\nHost: x`)
    assert.is(answer.status, 200)
    assert.not.ok(answer.isWhole)
    assert.ok(answer.body.byteLength < 1.2 * KiB * KiB)
  })
  assert.ok(lines.some(line => line.includes('an answer was broken off') && line.includes('TOO_LARGE')))
})

async function lyingFolder(file: import('multiformats/cid').CID) {
  const { encode, prepare } = await import('@ipld/dag-pb')
  const { CID } = await import('multiformats/cid')
  const { sha256 } = await import('multiformats/hashes/sha2')
  const Links = ['a', 'b', 'c'].map(Name => ({ Name, Tsize: 10, Hash: file }))
  const bytes = encode(prepare({ Data: new Uint8Array([8, 1]), Links }))
  return { createNode: { cid: CID.createV1(0x70, await sha256.digest(bytes)), bytes, hasLinks: true } }
}

test('parts of files above gateway.maxRangeBytes are 501, so that no cache in front fetches the whole for them', async () => {
  await withGateway({ config: { maxRangeBytes: '100KiB' } }, async gateway => {
    const large = await gateway.add('a.bin', new Uint8Array(200 * KiB))
    const small = await gateway.add('b.bin', new Uint8Array(50 * KiB))
    const before = refused('range')
    const answer = await gateway.get(`/ipfs/${large}`, { range: 'bytes=0-9' })
    assert.is(answer.status, 501)
    assert.match(await answer.text(), '?format=car&entity-bytes=from:to')
    assert.is(refused('range'), before + 1)
    assert.is((await gateway.get(`/ipfs/${small}`, { range: 'bytes=0-9' })).status, 206)
    assert.is((await gateway.get(`/ipfs/${large}`)).status, 200)
  })
})

test('more ranges than may be are the whole, whatever they ask for', async () => {
  await withGateway({}, async gateway => {
    const cid = await gateway.add('a.txt', 'a'.repeat(10_000))
    const ranges = Array.from({ length: 4000 }, (_, index) => `${index}-${index}`).join(',')
    const answer = await gateway.get(`/ipfs/${cid}`, {
      range: `bytes=${ranges.slice(0, 12_000).replace(/,[^,]*$/, '')}`,
    })
    assert.is(answer.status, 200)
    assert.is((await answer.arrayBuffer()).byteLength, 10_000)
  })
})

test.run()
