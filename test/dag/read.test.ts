import { UnixFS } from 'ipfs-unixfs'
import { exporter } from 'ipfs-unixfs-exporter'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readFile } from '../../src/dag/unixfs/read.ts'
import {
  collect,
  failureOf,
  folderOf,
  type Layout,
  putDocument,
  putFile,
  putNode,
  putRaw,
  signal,
  someBytes,
  wait,
} from '../support/dags.ts'
import { asBlockstore, MemoryBlocks } from '../support/memory-blocks.ts'

const LAYOUTS: readonly [string, Layout][] = [
  ['v1 of one level', { version: 1, chunk: 100, width: 1024 }],
  ['v1 of many levels', { version: 1, chunk: 64, width: 3 }],
  ['v0 of many levels', { version: 0, chunk: 64, width: 4 }],
  ['v0 of one leaf', { version: 0, chunk: 1_000_000, width: 174 }],
  ['v1 of one raw leaf', { version: 1, chunk: 1_000_000, width: 174 }],
  ['v0 trickle', { version: 0, chunk: 50, width: 3, trickle: true }],
  ['v1 trickle', { version: 1, chunk: 50, width: 3, trickle: true }],
]
const CONTENT = someBytes(5_000)

for (const [name, layout] of LAYOUTS) {
  test(`${name}: the whole, and ranges, equal slices`, async () => {
    const memory = new MemoryBlocks()
    const cid = await putFile(memory, CONTENT, layout)
    assert.equal(await collect(readFile(memory, cid, wait)), Buffer.from(CONTENT))
    const witness = await exporter(cid, asBlockstore(memory))
    if (!('content' in witness)) throw new Error('the witness sees no file')
    for (let round = 0; round < 120; round++) {
      const offset = (round * 7919) % 5_200
      const length = (round * 104_729) % 700
      const expected = Buffer.from(CONTENT).subarray(offset, offset + length)
      for (const reuse of [false, true]) {
        const got = await collect(readFile(memory, cid, { offset, length, reuse, signal }))
        assert.ok(got.equals(expected), `${offset}+${length}`)
      }
      if (round % 10 === 0 && offset < 5_000) {
        assert.ok((await collect(witness.content({ offset, length }))).equals(expected))
      }
    }
    assert.is(memory.borrowed, 0, 'every borrowed buffer came back')
  })
}

test('a range reads nothing that it does not need', async () => {
  const memory = new MemoryBlocks()
  const cid = await putFile(memory, CONTENT, { version: 1, chunk: 100, width: 1024 })
  memory.reads.length = 0
  await collect(readFile(memory, cid, { offset: 100, length: 100, signal }))
  assert.is(memory.reads.length, 2)
  memory.reads.length = 0
  await collect(readFile(memory, cid, { offset: 4_990, signal }))
  assert.is(memory.reads.length, 2)
  memory.reads.length = 0
  assert.is((await collect(readFile(memory, cid, { offset: 9_999, signal }))).byteLength, 0)
  assert.is(memory.reads.length, 1)
})

test('a reader that pauses holds at most a few blocks, and nothing goes on after return()', async () => {
  for (const layout of [
    { version: 1, chunk: 10, width: 1024 },
    { version: 0, chunk: 10, width: 174 },
  ] as const) {
    const memory = new MemoryBlocks()
    const cid = await putFile(memory, CONTENT.subarray(0, 1500), layout)
    memory.reads.length = 0
    const chunks = readFile(memory, cid, { reuse: true, signal })
    await chunks.next()
    await new Promise(resolve => setImmediate(resolve))
    assert.ok(memory.reads.length <= 6, `${memory.reads.length} reads`)
    await chunks.next()
    await chunks.return(undefined)
    const reads = memory.reads.length
    await new Promise(resolve => setTimeout(resolve, 5))
    assert.is(memory.reads.length, reads)
    assert.is(memory.borrowed, 0)
  }
})

test('a tree of many levels is read ahead without bound by depth or width', async () => {
  const memory = new MemoryBlocks({ delayMs: 1 })
  const cid = await putFile(memory, CONTENT, { version: 1, chunk: 10, width: 4 })
  const chunks = readFile(memory, cid, wait)
  memory.reads.length = 0
  await chunks.next()
  assert.ok(memory.reads.length <= 5 + 5 + 8, `${memory.reads.length} reads`)
  await chunks.return(undefined)
})

test('an abort ends a read between chunks', async () => {
  const memory = new MemoryBlocks({ peekable: true })
  const cid = await putFile(memory, CONTENT, { version: 1, chunk: 10, width: 174 })
  const controller = new AbortController()
  const chunks = readFile(memory, cid, { signal: controller.signal })
  await chunks.next()
  controller.abort()
  assert.is((await failureOf(chunks.next())).name, 'AbortError')
})

test('a missing leaf breaks the stream and gives back what was read ahead', async () => {
  const memory = new MemoryBlocks()
  const cid = await putFile(memory, CONTENT, { version: 1, chunk: 100, width: 174 })
  memory.delete(putRaw(memory, CONTENT.subarray(300, 400)))
  const chunks: Uint8Array[] = []
  const failure = await failureOf(
    (async () => {
      for await (const chunk of readFile(memory, cid, { reuse: true, signal })) chunks.push(new Uint8Array(chunk))
    })(),
  )
  assert.is(failure.code, 'BLOCK_NOT_LOCAL')
  assert.is(chunks.length, 3)
  await new Promise(resolve => setTimeout(resolve, 5))
  assert.is(memory.borrowed, 0)
  const rest = await collect(readFile(memory, cid, { offset: 400, signal }))
  assert.ok(rest.equals(Buffer.from(CONTENT).subarray(400)))
})

test('what is no file says what it is', async () => {
  const memory = new MemoryBlocks()
  const codeOf = async (cid: Parameters<typeof readFile>[1]) =>
    (await failureOf(collect(readFile(memory, cid, wait)))).code
  assert.is(await codeOf(folderOf(memory, [])), 'IS_DIRECTORY')
  assert.is(await codeOf(putDocument(memory, { a: 1 })), 'NOT_A_FILE')
  assert.is(await codeOf(putNode(memory, new UnixFS({ type: 'metadata' }))), 'NOT_A_FILE')
  assert.is(await codeOf(putNode(memory, new Uint8Array([1, 2, 3]))), 'BAD_BLOCK')
  const negative = readFile(memory, putRaw(memory, CONTENT), { offset: -1, signal })
  assert.is((await failureOf(collect(negative))).code, 'BAD_RANGE')
  const link = putNode(memory, new UnixFS({ type: 'symlink', data: Buffer.from('../there') }))
  assert.is((await collect(readFile(memory, link, wait))).toString(), '../there')
})

test('data in a node goes before its children', async () => {
  const memory = new MemoryBlocks()
  const leaf = putRaw(memory, Buffer.from('world'))
  const unixfs = new UnixFS({ type: 'file', data: Buffer.from('hello ') })
  unixfs.addBlockSize(5n)
  const cid = putNode(memory, unixfs, [{ Name: '', Hash: leaf, Tsize: 5 }])
  assert.is((await collect(readFile(memory, cid, wait))).toString(), 'hello world')
  assert.is((await collect(readFile(memory, cid, { offset: 4, length: 4, signal }))).toString(), 'o wo')
})

test('sizes that lie are found before their bytes leave', async () => {
  const memory = new MemoryBlocks()
  const leaf = putRaw(memory, Buffer.from('world'))
  for (const claimed of [4n, 6n, 0n]) {
    const unixfs = new UnixFS({ type: 'file' })
    unixfs.addBlockSize(claimed)
    const cid = putNode(memory, unixfs, [{ Name: '', Hash: leaf, Tsize: 5 }])
    assert.is((await failureOf(collect(readFile(memory, cid, wait)))).code, 'BAD_BLOCK', `${claimed}`)
  }
  const inner = await putFile(memory, CONTENT, { version: 1, chunk: 500, width: 174 })
  const outer = new UnixFS({ type: 'file' })
  outer.addBlockSize(4_999n)
  const cid = putNode(memory, outer, [{ Name: '', Hash: inner, Tsize: 0 }])
  assert.is((await failureOf(collect(readFile(memory, cid, wait)))).code, 'BAD_BLOCK')
})

test('a bomb of empty parts ends with its distinct blocks, a deep file with the depth limit', async () => {
  const memory = new MemoryBlocks({ peekable: true })
  let cid = putNode(memory, new UnixFS({ type: 'file' }))
  for (let level = 0; level < 6; level++) {
    const unixfs = new UnixFS({ type: 'file' })
    const links = Array.from({ length: 100 }, () => ({ Name: '', Hash: cid, Tsize: 0 }))
    for (const _ of links) unixfs.addBlockSize(0n)
    cid = putNode(memory, unixfs, links)
  }
  assert.is((await collect(readFile(memory, cid, wait))).byteLength, 0)

  let deep = putRaw(memory, Buffer.from('x'))
  for (let level = 0; level < 70; level++) {
    const unixfs = new UnixFS({ type: 'file' })
    unixfs.addBlockSize(1n)
    deep = putNode(memory, unixfs, [{ Name: '', Hash: deep, Tsize: 1 }])
  }
  assert.is((await failureOf(collect(readFile(memory, deep, wait)))).code, 'LIMIT')
})

test.run()
