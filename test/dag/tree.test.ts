import type { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { walkTree } from '../../src/dag/unixfs/tree.ts'
import { failureOf, folderOf, putFile, putRaw, putTree, someBytes, wait } from '../support/dags.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'

const pathsOf = async (memory: MemoryBlocks, root: CID) =>
  (await Array.fromAsync(walkTree(memory, root, wait))).map(({ path, kind }) => `${path.join('/')} ${kind}`)

test('parents before children, folders in stored order, sizes without reading files', async () => {
  for (const peekable of [true, false]) {
    const memory = new MemoryBlocks({ peekable })
    const root = await putTree(memory, [
      { path: 'b/2', content: Buffer.from('two') },
      { path: 'b/1/x', content: Buffer.from('x') },
      { path: 'a', content: Buffer.from('a') },
      { path: 'c' },
    ])
    assert.equal(await pathsOf(memory, root), [
      ' directory',
      'a file',
      'b directory',
      'b/1 directory',
      'b/1/x file',
      'b/2 file',
      'c directory',
    ])
    const large = await putFile(memory, someBytes(5000), { version: 1, chunk: 50, width: 174 })
    const folder = folderOf(memory, [{ Name: 'large', Hash: large }])
    memory.reads.length = 0
    const [, entry] = await Array.fromAsync(walkTree(memory, folder, wait))
    assert.is(entry?.sizeBytes, 5000)
    assert.ok(memory.reads.length <= 3)
  }
})

test('a root that is no folder is the only entry; sharded folders are folders', async () => {
  const memory = new MemoryBlocks()
  assert.equal(await pathsOf(memory, putRaw(memory, Buffer.from('x'))), [' file'])
  const entries = Array.from({ length: 300 }, (_, index) => ({ path: `d/${index}`, content: Buffer.from(`${index}`) }))
  const sharded = await putTree(memory, entries, { shardSplitThresholdBytes: 0, cidVersion: 1 })
  const paths = await pathsOf(memory, sharded)
  assert.is(paths.length, 302)
  assert.is(new Set(paths).size, 302)
})

test('read ahead is bounded, and stops with the reader', async () => {
  const memory = new MemoryBlocks({ delayMs: 1 })
  const entries = Array.from({ length: 100 }, (_, index) => ({ path: `${index}/x`, content: Buffer.from(`${index}`) }))
  const root = await putTree(memory, entries)
  memory.reads.length = 0
  const tree = walkTree(memory, root, wait)
  for (let step = 0; step < 3; step++) await tree.next()
  assert.ok(memory.reads.length <= 24, `${memory.reads.length} reads`)
  await tree.return(undefined)
  const reads = memory.reads.length
  await new Promise(resolve => setTimeout(resolve, 5))
  assert.is(memory.reads.length, reads)
})

test('a folder that is missing fails in its turn', async () => {
  const memory = new MemoryBlocks()
  const absent = folderOf(new MemoryBlocks(), [])
  const here = putRaw(memory, Buffer.from('x'))
  const root = folderOf(memory, [
    { Name: 'a', Hash: here },
    { Name: 'b', Hash: absent },
    { Name: 'c', Hash: here },
  ])
  const seen: string[] = []
  const failure = await failureOf(
    (async () => {
      for await (const { path } of walkTree(memory, root, wait)) seen.push(path.join('/'))
    })(),
  )
  assert.is(failure.code, 'BLOCK_NOT_LOCAL')
  assert.equal(seen, ['', 'a'])
})

test('trees without end end: by entries, by depth', async () => {
  const memory = new MemoryBlocks({ peekable: true })
  let diamond = putRaw(memory, Buffer.from('x'))
  for (let level = 0; level < 30; level++) {
    diamond = folderOf(memory, [
      { Name: 'a', Hash: diamond },
      { Name: 'b', Hash: diamond },
    ])
  }
  const many = Array.fromAsync(walkTree(memory, diamond, { ...wait, maxEntries: 1000 }))
  assert.is((await failureOf(many)).code, 'LIMIT')
  let chain = putRaw(memory, Buffer.from('x'))
  for (let level = 0; level < 1100; level++) chain = folderOf(memory, [{ Name: 'd', Hash: chain }])
  assert.is((await failureOf(Array.fromAsync(walkTree(memory, chain, wait)))).code, 'LIMIT')
})

test.run()
