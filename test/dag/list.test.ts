import { exporter } from 'ipfs-unixfs-exporter'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RAW } from '../../src/block/cid.ts'
import { resolvePath } from '../../src/dag/resolve.ts'
import { listDirectory } from '../../src/dag/unixfs/list.ts'
import { failureOf, folderOf, putRaw, putTree, signal, wait } from '../support/dags.ts'
import { asBlockstore, MemoryBlocks } from '../support/memory-blocks.ts'

const sharded = { shardSplitThresholdBytes: 0, cidVersion: 1 } as const
const nameOf = (index: number) => `entry ${index}${'é'.repeat(index % 5)}.txt`

async function shards(count: number, options: { shardFanoutBits?: number } = {}) {
  const memory = new MemoryBlocks()
  const entries = Array.from({ length: count }, (_, index) => ({
    path: nameOf(index),
    content: Buffer.from(`content ${index}`),
  }))
  return { memory, root: await putTree(memory, entries, { ...sharded, ...options }) }
}

test('a plain folder lists in stored order with sizes', async () => {
  const memory = new MemoryBlocks()
  const a = putRaw(memory, Buffer.from('a'))
  const root = folderOf(memory, [
    { Name: 'a', Hash: a, Tsize: 1 },
    { Name: 'ü', Hash: a },
  ])
  const entries = await Array.fromAsync(listDirectory(memory, root, wait))
  assert.equal(
    entries.map(({ name, cid, totalBytes }) => [name, cid.toString(), totalBytes]),
    [
      ['a', a.toString(), 1],
      ['ü', a.toString(), 0],
    ],
  )
})

for (const bits of [8, 4, 3]) {
  test(`5,000 entries of a sharded folder of fan-out ${2 ** bits}: as the exporter lists and finds them`, async () => {
    const { memory, root } = await shards(5_000, { shardFanoutBits: bits })
    const entries = await Array.fromAsync(listDirectory(memory, root, wait))
    assert.is(entries.length, 5_000)
    const witness = await exporter(root, asBlockstore(memory))
    if (!('entries' in witness)) throw new Error('the witness sees no folder')
    const expected = new Map<string, string>()
    for await (const { name, cid } of witness.entries()) expected.set(name, cid.toString())
    assert.equal(new Map(entries.map(({ name, cid }) => [name, cid.toString()])), expected)
    for (let index = 0; index < 5_000; index += 97) {
      const name = nameOf(index)
      const found = await resolvePath(memory, { root, segments: [name] }, wait)
      assert.is(found.cid.toString(), expected.get(name))
      assert.is(found.roots.length, 2, 'shards are no steps of a path')
    }
  })
}

test('a look-up reads the shards on its way alone; a listing reads few ahead', async () => {
  const { memory, root } = await shards(2_000)
  memory.reads.length = 0
  await resolvePath(memory, { root, segments: [nameOf(7)] }, wait)
  assert.ok(memory.reads.length <= 4, `${memory.reads.length} reads`)
  memory.reads.length = 0
  const entries = listDirectory(memory, root, wait)
  await entries.next()
  assert.ok(memory.reads.length <= 1 + 8, `${memory.reads.length} reads`)
  await entries.return(undefined)
  const reads = memory.reads.length
  await new Promise(resolve => setTimeout(resolve, 5))
  assert.is(memory.reads.length, reads)
})

test('a name that a sharded folder lacks is named', async () => {
  const { memory, root } = await shards(300)
  const failure = await failureOf(resolvePath(memory, { root, segments: ['no such entry'] }, wait))
  assert.is(failure.code, 'NO_LINK')
  assert.is(failure.message, `no link named "no such entry" under ${root}`)
})

test('a missing shard fails the listing where it is met', async () => {
  const { memory, root } = await shards(2_000)
  memory.reads.length = 0
  await Array.fromAsync(listDirectory(memory, root, wait))
  const shard = memory.reads.at(-1)
  assert.ok(shard !== undefined && shard.code !== RAW)
  memory.delete(shard)
  let listed = 0
  const failure = await failureOf(
    (async () => {
      for await (const _ of listDirectory(memory, root, wait)) listed++
    })(),
  )
  assert.is(failure.code, 'BLOCK_NOT_LOCAL')
  assert.ok(listed > 1_000)
})

test('what is no folder says so; an abort ends a listing', async () => {
  const { memory, root } = await shards(2_000)
  const list = (cid: typeof root) => Array.fromAsync(listDirectory(memory, cid, wait))
  assert.is((await failureOf(list(putRaw(memory, Buffer.from('x'))))).code, 'NOT_A_DIRECTORY')
  const controller = new AbortController()
  const entries = listDirectory(memory, root, { signal: controller.signal })
  await entries.next()
  controller.abort()
  const rest = (async () => {
    for await (const _ of entries);
  })()
  assert.is((await failureOf(rest)).name, 'AbortError')
  assert.is(signal.aborted, false)
})

test.run()
