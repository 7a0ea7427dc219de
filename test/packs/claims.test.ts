import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pinStatements } from '../../src/pins/pins.ts'
import { initRepo } from '../../src/store/repo.ts'
import type { Store } from '../../src/store/store.ts'
import { KiB } from '../../src/units.ts'
import { findings } from '../pins/support.ts'
import { assertBooks, assertReadable, leaf, openAt } from '../store/support.ts'
import { addTrees, quickFolder, treeOf } from './support.ts'

const FULL = Boolean(process.env.TEST_FULL)
const WRITER = join(import.meta.dirname, '../store/writer-child.ts')

async function addSingles(store: Store, prefix: string, count: number, sizeBytes: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const block = leaf(`${prefix} ${index}`, sizeBytes)
    await using operation = await store.begin('add')
    await operation.put(block)
    await operation.finish(pinStatements([block.cid], { mode: 'recursive', name: '' }))
  }
}

test('a thousand single adds make no pack: small ones lie in the database, large ones are files', async () => {
  using folder = quickFolder('packs-singles')
  const path = join(folder.path, 'repo')
  await initRepo(path)
  const counts: number[] = []
  for (const sizeBytes of [1 * KiB, 70 * KiB]) {
    for (let round = 0; round < 10; round++) {
      await using store = await openAt(path)
      await addSingles(store, `${sizeBytes} ${round}`, sizeBytes > 64 * KiB ? 20 : 100, sizeBytes)
    }
    counts.push(readdirSync(join(path, 'packs')).length)
  }
  assert.equal(counts, [0, 0])
  await using store = await openAt(path)
  assert.is(store.counters().blocks, 1200)
  assertBooks(store)
  console.log(`\n» packs: 1,000 single adds of 1 KiB: ${counts[0]} packs; 200 of 70 KiB: ${counts[1]} packs`)
})

test('of two writers that want a released pack at once, one gets it and the other makes its own', async () => {
  const rounds = FULL ? 100 : 15
  let taken = 0
  for (let round = 0; round < rounds; round++) {
    using folder = quickFolder('packs-claim')
    const path = join(folder.path, 'repo')
    await initRepo(path)
    const first = treeOf('first', 20, 9 * KiB)
    const trees = ['left', 'right'].map(seed => treeOf(seed, 20, 9 * KiB))
    {
      await using store = await openAt(path)
      await addTrees(store, [first])
    }
    {
      await using left = await openAt(path)
      await using right = await openAt(path)
      await Promise.all([left, right].map((store, index) => addTrees(store, trees.slice(index, index + 1))))
      const owners = left.database.all<{ id: number; owner: number }>('SELECT id, owner FROM packs ORDER BY id')
      assert.equal(
        owners.map(({ id }) => id),
        [1, 2],
      )
      assert.is(new Set(owners.map(({ owner }) => owner)).size, 2)
      taken++
    }
    await using store = await openAt(path)
    for (const { blocks } of [first, ...trees]) await assertReadable(store, blocks)
    assertBooks(store)
    assert.equal(await findings(store), [])
  }
  console.log(`\n» packs: ${taken} of ${rounds} released packs wanted by two writers at once: one owner each`)
})

test('processes that come and go take up released packs one after the other, never two the same', async () => {
  const rounds = FULL ? 20 : 3
  using folder = quickFolder('packs-processes')
  const path = join(folder.path, 'repo')
  await initRepo(path)
  const seeds = Array.from({ length: rounds }, (_, round) => [`a ${round}`, `b ${round}`, `c ${round}`]).flat()
  for (let at = 0; at < seeds.length; at += 3) {
    const writers = seeds.slice(at, at + 3).map(async seed => {
      const child = spawn(process.execPath, [WRITER, path, 'inline', seed, '4', '12', `${9 * KiB}`], {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      const [code] = await once(child, 'close')
      assert.is(code, 0)
    })
    await Promise.all(writers)
  }
  await using store = await openAt(path)
  for (const seed of seeds)
    for (let batch = 0; batch < 4; batch++)
      await assertReadable(
        store,
        Array.from({ length: 12 }, (_, index) => leaf(`${seed}/${batch}/${index}`, 9 * KiB)),
      )
  assertBooks(store)
  assert.equal(await findings(store), [])
  const packs = readdirSync(join(path, 'packs')).length
  assert.ok(packs <= 3, `${packs} packs for three writers at a time`)
  console.log(`\n» packs: ${seeds.length} processes, three at a time: ${packs} packs`)
})

test.run()
