import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Lru } from '../../src/dag/lru.ts'

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

test.run()
