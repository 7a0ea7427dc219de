import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CarOptions } from '../../src/api/content.ts'
import { RAW } from '../../src/block/cid.ts'
import { readCar } from '../../src/dag/car/car-read.ts'
import { exportCar } from '../../src/dag/car/car-write.ts'
import { parseContentPath } from '../../src/dag/path.ts'
import {
  chunked,
  collect,
  failureOf,
  folderOf,
  putDocument,
  putFile,
  putNode,
  putRaw,
  putTree,
  signal,
  someBytes,
  wait,
} from '../support/dags.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'

const FIXTURES = join(import.meta.dirname, '../fixtures/cids')
interface Golden {
  readonly name: string
  readonly root: string
  readonly file?: string
  readonly blockCount: number
}
const GOLDEN: Golden[] = JSON.parse(readFileSync(join(FIXTURES, 'cars.json'), 'utf8'))

async function load(
  car: Uint8Array,
  chunkBytes = 1000,
): Promise<{ memory: MemoryBlocks; roots: CID[]; order: string[] }> {
  const memory = new MemoryBlocks()
  const { roots, blocks } = readCar(chunked(car, chunkBytes), wait)
  const order: string[] = []
  for await (const { cid, bytes } of blocks) {
    memory.putVerified(cid, bytes)
    order.push(cid.toString())
  }
  return { memory, roots: await roots, order }
}

const exported = (memory: MemoryBlocks, root: CID, segments: string[] = [], options: Omit<CarOptions, 'signal'> = {}) =>
  collect(exportCar(memory, { root, segments }, { signal, ...options }))

test('every recorded CAR reads, and is written again byte for byte', async () => {
  let compared = 0
  for (const { name, root, file, blockCount } of GOLDEN) {
    if (file === undefined) continue
    const car = readFileSync(join(FIXTURES, file))
    for (const chunkBytes of [7, 1000, car.byteLength]) {
      const { memory, roots, order } = await load(car, chunkBytes)
      assert.equal(roots.map(String), [root], name)
      assert.is(order.length, blockCount, name)
      for (const reuse of [false, true]) {
        const again = await collect(exportCar(memory, parseContentPath(root), { signal, reuse }))
        assert.ok(again.equals(car), name)
        assert.is(memory.borrowed, 0)
      }
    }
    compared++
  }
  assert.ok(compared >= 20 && existsSync(FIXTURES))
})

async function folderWithFile() {
  const memory = new MemoryBlocks()
  const file = await putFile(memory, someBytes(1000), { version: 1, chunk: 256, width: 174 })
  const inner = folderOf(memory, [{ Name: 'file', Hash: file }])
  const other = putRaw(memory, Buffer.from('other'))
  const root = folderOf(memory, [
    { Name: 'inner', Hash: inner },
    { Name: 'other', Hash: other },
  ])
  return { memory, file, inner, other, root }
}

test('scopes: what proves the path, then what is asked for', async () => {
  const { memory, file, inner, other, root } = await folderWithFile()
  const orderOf = async (segments: string[], scope: 'all' | 'entity' | 'block') => {
    const { roots, order } = await load(await exported(memory, root, segments, { scope }))
    return [roots.map(String).join(), ...order]
  }
  const leaves = (await load(await exported(memory, file))).order.slice(1)
  const [top, dir, end] = [root, inner, file].map(String)
  assert.equal(await orderOf(['inner', 'file'], 'all'), [end, top, dir, end, ...leaves])
  assert.equal(await orderOf(['inner', 'file'], 'entity'), [end, top, dir, end, ...leaves])
  assert.equal(await orderOf(['inner', 'file'], 'block'), [end, top, dir, end])
  assert.equal(await orderOf(['inner'], 'entity'), [dir, top, dir])
  assert.equal(await orderOf(['inner'], 'all'), [dir, top, dir, end, ...leaves])
  assert.equal(await orderOf([], 'all'), [top, top, dir, end, ...leaves, other.toString()])
  assert.equal(await orderOf([], 'block'), [top, top])
  const document = putDocument(memory, { a: { b: 1 }, to: file })
  const inside = await load(await exported(memory, document, ['a', 'b'], { scope: 'entity' }))
  assert.equal(inside.order, [document.toString()])
  const through = await load(await exported(memory, document, ['to'], { scope: 'block' }))
  assert.equal(through.order, [document, file].map(String))
})

test('a sharded folder as entity: all its shards, no entries; as a path: the shards on the way', async () => {
  const memory = new MemoryBlocks()
  const entries = Array.from({ length: 600 }, (_, index) => ({
    path: `${index}.txt`,
    content: Buffer.from(`${index}`),
  }))
  const root = await putTree(memory, entries, { shardSplitThresholdBytes: 0, cidVersion: 1 })
  const shards = await load(await exported(memory, root, [], { scope: 'entity' }))
  assert.ok(shards.order.length > 50)
  assert.ok([...shards.order].every(text => CID.parse(text).code !== RAW))
  const path = await load(await exported(memory, root, ['77.txt'], { scope: 'block' }))
  assert.ok(path.order.length >= 3 && path.order.length < 6)
  assert.ok(path.order.slice(0, -1).every(text => shards.order.includes(text)))
})

test('identity CIDs have sections, unless they are not wanted', async () => {
  const memory = new MemoryBlocks()
  const inline = CID.createV1(RAW, await identity.digest(Buffer.from('inline')))
  const root = putDocument(memory, { inline, again: inline })
  assert.is((await load(await exported(memory, root))).order.length, 2)
  assert.equal((await load(await exported(memory, root, [], { identity: false }))).order, [root.toString()])
  const bare = await load(await exported(memory, inline, [], { identity: false }))
  assert.equal([bare.roots.map(String), bare.order], [[inline.toString()], []])
})

test('small and large blocks come in their order, in chunks of bounded size', async () => {
  const memory = new MemoryBlocks()
  const links = Array.from({ length: 40 }, (_, index) =>
    putRaw(memory, someBytes(index % 3 === 0 ? 200_000 : 30_000, index)),
  )
  const root = putDocument(memory, links)
  const chunks: Uint8Array[] = []
  for await (const chunk of exportCar(memory, { root, segments: [] }, wait)) {
    assert.ok(chunk.byteLength > 0 && chunk.byteLength <= 256 * 1024)
    chunks.push(chunk)
  }
  // Kept until the end: a chunk that has been given away is not written into again.
  const { order } = await load(Buffer.concat(chunks), 65_536)
  assert.equal(order, [root, ...links].map(String))
  assert.ok((await exported(memory, root, [], { reuse: true })).equals(Buffer.concat(chunks)))
  assert.is(memory.borrowed, 0)
})

test('a missing block breaks the stream; a path that is missing fails before the first byte', async () => {
  const { memory, other, root } = await folderWithFile()
  memory.delete(other)
  for (const reuse of [false, true]) {
    assert.is((await failureOf(exported(memory, root, [], { reuse }))).code, 'BLOCK_NOT_LOCAL')
    assert.is(memory.borrowed, 0)
    const left = await load(await exported(memory, root, [], { reuse, skipMissing: true }))
    assert.is(left.order.length, 7)
    assert.not(left.order.includes(other.toString()))
  }
  for (const segments of [['nope'], ['other']]) {
    const next = exportCar(memory, { root, segments }, wait).next()
    assert.ok(['NO_LINK', 'BLOCK_NOT_LOCAL'].includes((await failureOf(next)).code ?? ''))
  }
})

test('a DAG is streamed: few blocks are read before the first chunk is taken', async () => {
  const memory = new MemoryBlocks()
  const root = await putFile(memory, someBytes(3_000_000), { version: 1, chunk: 100_000, width: 174 })
  for (const reuse of [false, true]) {
    memory.reads.length = 0
    const car = exportCar(memory, { root, segments: [] }, { signal, reuse })
    await car.next()
    await car.next()
    assert.ok(memory.reads.length <= 10, `${memory.reads.length} reads`)
    await car.return(undefined)
    const reads = memory.reads.length
    await new Promise(resolve => setTimeout(resolve, 5))
    assert.is(memory.reads.length, reads)
    assert.is(memory.borrowed, 0)
  }
})

test('reading holds one section, closes its stream and names the place of a fault', async () => {
  const { memory, root } = await folderWithFile()
  const car = await exported(memory, root)
  let closed = false
  const content = async function* () {
    try {
      yield* chunked(car.subarray(0, -10), 3)
    } finally {
      closed = true
    }
  }
  const failure = await failureOf(Array.fromAsync(readCar(content(), wait).blocks))
  assert.is(failure.code, 'BAD_CAR')
  assert.match(failure.message, new RegExp(`offset ${car.byteLength - 10}`))
  assert.ok(closed)
  closed = false
  const { blocks } = readCar(content(), wait)
  await blocks.next()
  await blocks.return(undefined)
  assert.ok(closed)
  const broken = readCar(chunked(Buffer.from('not a CAR at all')), wait)
  assert.is((await failureOf(broken.roots)).code, 'BAD_CAR')
  assert.is((await failureOf(Array.fromAsync(broken.blocks))).code, 'BAD_CAR')
  const aborted = readCar(chunked(car), { signal: AbortSignal.abort() })
  assert.is((await failureOf(aborted.roots)).name, 'AbortError')
})

test('an announced size is refused before anything is held for it', async () => {
  const car = await exported(new MemoryBlocks(), CID.createV1(RAW, await identity.digest(Buffer.from('x'))))
  const announced = Buffer.concat([car, Buffer.from([0x80, 0x80, 0x80, 0x80, 0x20])])
  let pulled = 0
  const endless = async function* () {
    yield announced
    for (; pulled < 1000; pulled++) yield new Uint8Array(1_000_000)
  }
  assert.is((await failureOf(Array.fromAsync(readCar(endless(), wait).blocks))).code, 'BAD_CAR')
  assert.is(pulled, 0)
})

test('symlinks and files with inline data are their own entity', async () => {
  const memory = new MemoryBlocks()
  const link = putNode(memory, new UnixFS({ type: 'symlink', data: Buffer.from('x') }))
  assert.equal((await load(await exported(memory, link, [], { scope: 'entity' }))).order, [link.toString()])
})

test.run()
