// §5.28, 29 and 31 of the gateway's spec, each under its number: blocks that lie, and folders that are large.

import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DAG_PB, RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { encodeVarint } from '../../src/block/varint.ts'
import { folderOf, type HandLink, putNode, putRaw } from '../support/dags.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { startGateway, type TestGateway } from './support.ts'

let gateway: TestGateway
let leaf: CID

test.before(async () => {
  gateway = await startGateway()
  leaf = putRaw(gateway.memory, Buffer.from('leaf\n'))
})

test.after(() => gateway.close())

const statusOf = async (path: string) => (await gateway.get(`/ipfs/${path}`)).status

/** A UnixFS message by its fields, as no library would write it: type, data, fileSize, blockSizes, hashType, fanout. */
function shard(fields: { fanout?: number; hashType?: number; bits?: Uint8Array }, links: readonly HandLink[]): CID {
  const { fanout = 256, hashType = 0x22, bits = Buffer.of(0x80) } = fields
  const data = Buffer.concat([
    Buffer.of(8, 5, 18),
    encodeVarint(bits.byteLength),
    bits,
    Buffer.of(40),
    encodeVarint(hashType),
    Buffer.of(48),
    encodeVarint(fanout),
  ])
  return putNode(gateway.memory, data, links)
}

test('§5.28 sharded folders: fan-outs, hash functions and bit fields that cannot be are refused', async () => {
  // The hash of this name begins with 07 (spec: gateway §2.10).
  const links = [{ Name: '071.txt', Hash: leaf, Tsize: 5 }]
  assert.is(await statusOf(`${shard({}, links)}/`), 200, 'as it should be')
  assert.is(await statusOf(`${shard({}, links)}/1.txt`), 200, 'as it should be')
  for (const [what, root] of [
    ['a fan-out of 0', shard({ fanout: 0 }, links)],
    ['no power of two', shard({ fanout: 24 }, links)],
    ['no multiple of 8', shard({ fanout: 4 }, links)],
    ['more than 1024', shard({ fanout: 2048 }, links)],
    ['a fan-out beyond all numbers', shard({ fanout: 2 ** 53 - 1 }, links)],
    ['another hash function', shard({ hashType: 0x12 }, links)],
    ['a bit field longer than the fan-out', shard({ bits: new Uint8Array(64).fill(255) }, links)],
    ['more bits than links', shard({ bits: Buffer.of(0x81) }, links)],
    ['fewer bits than links', shard({ bits: Buffer.of(0) }, links)],
    ['a name without its slot', shard({}, [{ Name: '7', Hash: leaf, Tsize: 5 }])],
  ] as const)
    for (const path of ['/', '/1.txt']) {
      const status = await statusOf(`${root}${path}`)
      assert.ok(status === 422 || status === 400, `${what}${path}: ${status}`)
    }
  assert.is(await statusOf(`${leaf}`), 200)
})

test('§5.29 files whose sizes do not fit are refused or cut; of two equal names the first counts', async () => {
  const file = (blockSizes: readonly bigint[], links: number) =>
    putNode(
      gateway.memory,
      new UnixFS({ type: 'file', blockSizes: [...blockSizes] }),
      Array.from({ length: links }, () => ({ Name: '', Hash: leaf, Tsize: 5 })),
    )
  assert.is(await (await gateway.get(`/ipfs/${file([5n, 5n], 2)}`)).text(), 'leaf\nleaf\n')
  for (const [sizes, links] of [
    [[5n], 2],
    [[5n, 5n], 1],
    [[5n, 5n], 0],
  ] as const)
    assert.is(await statusOf(`${file(sizes, links)}`), 422, `${sizes.length} sizes, ${links} links`)
  const before = process.memoryUsage().rss
  for (const declared of [6n, 2n ** 40n, 2n ** 52n]) {
    const answer = await gateway.raw(`GET /ipfs/${file([declared], 1)} HTTP/1.1\nHost: x`)
    assert.is(answer.status === 200 && answer.isWhole, false, `${declared}`)
    assert.ok(answer.body.byteLength < 1000)
  }
  assert.ok(process.memoryUsage().rss - before < 200 * 1024 * 1024)
  const other = putRaw(gateway.memory, Buffer.from('other\n'))
  const twice = folderOf(gateway.memory, [
    { Name: 'same', Hash: leaf, Tsize: 5 },
    { Name: 'same', Hash: other, Tsize: 6 },
  ])
  assert.is(await (await gateway.get(`/ipfs/${twice}/same`)).text(), 'leaf\n')
})

test('§5.31 a listing of 10,000 entries needs the block of the folder alone', async () => {
  const memory = new MemoryBlocks()
  const Links = Array.from({ length: 10_000 }, (_, i) => ({
    Name: `${i}`.padStart(5, '0'),
    Hash: CID.createV1(RAW, sha256(Buffer.from(`${i}`))),
    Tsize: i,
  }))
  const bytes = dagPb.encode(dagPb.prepare({ Data: Buffer.of(8, 1), Links }))
  const folder = CID.createV1(DAG_PB, sha256(bytes))
  memory.put({ cid: folder, bytes, hasLinks: true })
  const large = await startGateway({ memory })
  const page = await (await large.get(`/ipfs/${folder}/`)).text()
  assert.match(page, `<a href="/ipfs/${folder}/00000">00000</a>`)
  assert.equal([...new Set(memory.reads.map(String))], [folder.toString()])
  const head = await fetch(`${large.url}/ipfs/${folder}/`, { method: 'HEAD' })
  assert.is(head.status, 200)
  await large.close()
})

test.run()
