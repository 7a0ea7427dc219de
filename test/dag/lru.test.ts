import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Lru } from '../../src/dag/lru.ts'
import { BlockCache } from '../../src/store/read/cache.ts'

test('what was used longest ago is forgotten first', () => {
  const lru = new Lru<string, number>({ max: 2 })
  lru.set('a', 1)
  lru.set('b', 2)
  assert.is(lru.get('a'), 1)
  lru.set('c', 3)
  assert.is(lru.get('b'), undefined)
  assert.is(lru.get('a'), 1)
  assert.is(lru.get('c'), 3)
  assert.is(lru.size, 2)
})

test('bounded by size, where sizes are told', () => {
  const lru = new Lru<string, string>({ max: 10, sizeOf: value => value.length })
  lru.set('a', 'xxxx')
  lru.set('b', 'xxxx')
  lru.set('b', 'xx')
  lru.set('c', 'xxxx')
  assert.is(lru.size, 3)
  lru.set('d', 'x'.repeat(11))
  assert.is(lru.get('d'), undefined)
  assert.is(lru.size, 3)
  lru.set('e', 'x'.repeat(10))
  assert.is(lru.size, 1)
  lru.delete('e')
  lru.set('f', 'x'.repeat(10))
  assert.is(lru.size, 1)
  lru.clear()
  assert.is(lru.size, 0)
})

test('what is asked for again and again stays, and what was between comes before what was not', () => {
  const lru = new Lru<string, number>({ max: 3 })
  for (const [index, key] of ['a', 'b', 'c'].entries()) lru.set(key, index)
  for (const key of ['a', 'a', 'a', 'b', 'b']) assert.is(lru.get(key) !== undefined, true)
  lru.set('d', 3)
  assert.equal(
    ['a', 'b', 'c', 'd'].map(key => lru.get(key)),
    [0, 1, undefined, 3],
  )
  lru.delete('d')
  lru.set('d', 4)
  assert.is(lru.get('d'), 4)
  lru.set('e', 5)
  assert.equal(
    ['a', 'b', 'd', 'e'].map(key => lru.get(key)),
    [undefined, 1, 4, 5],
  )
})

test('what is asked for again and again leaves nothing behind', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const lru = new Lru<string, number>({ max: 1000 })
  const blocks = new BlockCache(1_000_000)
  for (const key of ['a', 'b']) {
    lru.set(key, 1)
    blocks.set(key, new Uint8Array(10))
  }
  collect()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 300_000; i++) {
    const key = i % 2 === 0 ? 'a' : 'b'
    lru.get(key)
    blocks.get(key)
  }
  collect()
  const grownBytes = process.memoryUsage().heapUsed - before
  assert.ok(grownBytes < 1_000_000, `${grownBytes} bytes`)
  assert.is(lru.size, 2)
})

test('both caches forget what a list in order of use would, through 100,000 steps', () => {
  const MOST = 37
  const lru = new Lru<string, number>({ max: MOST })
  // A block of a thousand bytes costs a little more than a thousand.
  const blocks = new BlockCache(MOST * 1200)
  const model = new Map<string, number>()
  const values = Array.from({ length: 90 }, (_, i) => new Uint8Array(1000).fill(i))
  let state = 1
  const pick = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) % below
  }
  for (let step = 0; step < 100_000; step++) {
    const index = pick(values.length)
    const key = `k${index}`
    const known = model.get(key)
    const action = pick(5)
    model.delete(key)
    if (action < 2) {
      lru.set(key, index)
      blocks.set(key, values[index] as Uint8Array)
      model.set(key, index)
      const [oldest] = model.keys()
      if (model.size > MOST) model.delete(oldest as string)
    } else if (action < 4) {
      assert.is(lru.get(key), known)
      assert.is(blocks.get(key)?.[0], known)
      if (known !== undefined) model.set(key, known)
    } else {
      lru.delete(key)
      blocks.delete(key)
    }
  }
  assert.is(lru.size, model.size)
  assert.is(blocks.usedBytes, model.size * 1200)
})

test.run()
