import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { identity } from 'multiformats/hashes/identity'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DAG_PB, RAW } from '../../src/block/cid.ts'
import { dagStat, type WalkOptions, walkDag } from '../../src/dag/walk.ts'
import { failureOf, folderOf, putDocument, putFile, putNode, putRaw, signal, someBytes, wait } from '../support/dags.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'

const CONTENT = someBytes(5000)

async function walked(memory: MemoryBlocks, root: CID, options: Partial<WalkOptions> = {}) {
  return Array.fromAsync(walkDag(memory, root, { signal, ...options }))
}

/** What the walk must equal: recursion in the order of links, without any reading ahead. */
function naive(root: CID, linksOf: (cid: CID) => CID[]): string[] {
  const seen = new Set<string>()
  const visit = (cid: CID) => {
    if (seen.has(cid.toString())) return
    seen.add(cid.toString())
    for (const link of linksOf(cid)) visit(link)
  }
  visit(root)
  return [...seen]
}

test('depth first in the order of links, each block once, whatever is read ahead', async () => {
  const dag = await import('@ipld/dag-pb')
  for (const peekable of [true, false]) {
    const memory = new MemoryBlocks({ peekable })
    const a = await putFile(memory, CONTENT, { version: 1, chunk: 64, width: 3 })
    const b = await putFile(memory, CONTENT.subarray(64), { version: 1, chunk: 64, width: 4 })
    const root = folderOf(memory, [
      { Name: 'a', Hash: a },
      { Name: 'b', Hash: b },
      { Name: 'c', Hash: a },
    ])
    const expected = naive(root, cid => {
      if (cid.code !== DAG_PB) return []
      return dag
        .decode(memory.blocks.get(Buffer.from(cid.multihash.bytes).toString('latin1')) as Uint8Array)
        .Links.map(link => link.Hash)
    })
    for (const concurrency of [1, 3, 16]) {
      const blocks = await walked(memory, root, { concurrency, readLeaves: true })
      assert.equal(
        blocks.map(({ cid }) => cid.toString()),
        expected,
      )
    }
  }
})

test('leaves are not read unless wanted, and then all or some', async () => {
  const memory = new MemoryBlocks()
  const root = await putFile(memory, CONTENT, { version: 1, chunk: 100, width: 174 })
  memory.reads.length = 0
  const blocks = await walked(memory, root)
  assert.is(blocks.length, 51)
  assert.is(memory.reads.length, 1)
  assert.is(blocks[0]?.hasLinks, true)
  assert.is(blocks[1]?.bytes, undefined)
  assert.is(blocks[1]?.hasLinks, false)
  assert.is((await walked(memory, root, { readLeaves: true })).filter(({ bytes }) => bytes === undefined).length, 0)
  const one = blocks[3]?.cid as CID
  const some = await walked(memory, root, { readLeaves: cid => cid.equals(one) })
  assert.is(some.filter(({ bytes }) => bytes !== undefined).length, 2)
})

test('a walk that is left reads nothing more', async () => {
  const memory = new MemoryBlocks({ delayMs: 1 })
  const root = await putFile(memory, CONTENT, { version: 0, chunk: 20, width: 174 })
  const blocks = walkDag(memory, root, { signal, concurrency: 4 })
  await blocks.next()
  await blocks.next()
  await blocks.return(undefined)
  const reads = memory.reads.length
  assert.ok(reads <= 1 + 4 + 4, `${reads} reads`)
  await new Promise(resolve => setTimeout(resolve, 10))
  assert.is(memory.reads.length, reads)
})

test('a diamond of 30 levels is walked once per block', async () => {
  for (const make of [
    (memory: MemoryBlocks, cid: CID) =>
      folderOf(memory, [
        { Name: 'a', Hash: cid },
        { Name: 'b', Hash: cid },
      ]),
    (memory: MemoryBlocks, cid: CID) => putDocument(memory, { a: cid, b: cid }),
  ]) {
    const memory = new MemoryBlocks()
    let root = putRaw(memory, Buffer.from('bottom'))
    for (let level = 0; level < 30; level++) root = make(memory, root)
    memory.reads.length = 0
    assert.is((await dagStat(memory, root, wait)).blocks, 31)
    assert.ok(memory.reads.length <= 62, `${memory.reads.length} reads`)
  }
})

test('one block under two codecs: yielded once, followed as what has links', async () => {
  const memory = new MemoryBlocks()
  const leaf = putRaw(memory, Buffer.from('leaf'))
  const node = folderOf(memory, [{ Name: 'leaf', Hash: leaf }])
  const asRaw = CID.createV1(RAW, node.multihash)
  const asV0 = CID.createV0(node.multihash as never)
  const root = putDocument(memory, [asRaw, node, asV0])
  const names = async (options: Partial<WalkOptions>) =>
    (await walked(memory, root, options)).map(({ cid }) => cid.toString())
  assert.equal(await names({}), [root, asRaw, leaf].map(String))
  assert.equal(await names({ distinct: 'cid' }), [root, asRaw, node, leaf, asV0].map(String))
})

test('identity CIDs are walked from themselves', async () => {
  const memory = new MemoryBlocks()
  const inline = CID.createV1(RAW, await identity.digest(Buffer.from('inline')))
  const node = folderOf(memory, [{ Name: 'x', Hash: inline }])
  const bytes = memory.blocks.get(Buffer.from(node.multihash.bytes).toString('latin1')) as Uint8Array
  const inlineNode = CID.createV1(DAG_PB, await identity.digest(bytes))
  const root = putDocument(memory, [inlineNode, inlineNode, inline])
  memory.reads.length = 0
  const blocks = await walked(memory, root)
  assert.equal(
    blocks.map(({ cid }) => cid.toString()),
    [root, inlineNode, inline].map(String),
  )
  assert.is(Buffer.from(blocks[2]?.bytes ?? []).toString(), 'inline')
  assert.is(memory.reads.length, 1)
  assert.equal(await dagStat(memory, root, wait), {
    blocks: 3,
    totalBytes: 6 + bytes.byteLength + (blocks[0]?.bytes?.byteLength ?? 0),
  })
})

test('what is missing or malformed fails the walk, or is told and left out', async () => {
  const memory = new MemoryBlocks()
  const good = putRaw(memory, Buffer.from('good'))
  const absent = putDocument(new MemoryBlocks(), { absent: true })
  const broken = putNode(memory, new UnixFS({ type: 'file' }))
  memory.blocks.set(Buffer.from(broken.multihash.bytes).toString('latin1'), new Uint8Array([0xff, 0xff]))
  const weak = CID.createV1(RAW, create(0xd5, good.multihash.digest))
  const root = putDocument(memory, [absent, broken, weak, good])
  assert.is((await failureOf(walked(memory, root))).code, 'BLOCK_NOT_LOCAL')
  const told: string[] = []
  const blocks = await walked(memory, root, { onMissing: (cid, { code }) => told.push(`${cid} ${code}`) })
  assert.equal(
    blocks.map(({ cid }) => cid.toString()),
    [root, good].map(String),
  )
  assert.equal(told, [`${absent} BLOCK_NOT_LOCAL`, `${broken} BAD_BLOCK`, `${weak} UNSUPPORTED_HASH`])
  const aborted = AbortSignal.abort()
  assert.is((await failureOf(walked(memory, root, { signal: aborted, onMissing: () => {} }))).name, 'AbortError')
})

test('too deep is an error, not a stack', async () => {
  const memory = new MemoryBlocks({ peekable: true })
  let root = putRaw(memory, Buffer.from('bottom'))
  for (let level = 0; level < 1_100; level++) root = putDocument(memory, { next: root })
  assert.is((await failureOf(walked(memory, root, { onMissing: () => {} }))).code, 'LIMIT')
})

test.run()
