import { randomBytes } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DigestSet } from '../../src/block/digest-set.ts'

const multihash = () => new Uint8Array([0x12, 0x20, ...randomBytes(32)])

for (const words of [2, 4] as const) {
  test(`a set of ${words} words holds what was added, through growth, and nothing else`, () => {
    const set = new DigestSet({ words })
    const [inside, outside] = [Array.from({ length: 20_000 }, multihash), Array.from({ length: 5000 }, multihash)]
    for (const mh of inside) assert.ok(set.add(mh))
    for (const mh of inside) assert.not(set.add(mh))
    assert.is(set.size, inside.length)
    assert.ok(inside.every(mh => set.has(mh)))
    assert.ok(outside.every(mh => !set.has(mh)))
  })
}

test('one digest under several codecs is several entries', () => {
  const set = new DigestSet({ words: 4 })
  const mh = multihash()
  assert.ok(set.add(mh, 0x70))
  assert.not(set.has(mh, 0x71))
  assert.ok(set.add(mh, 0x71))
  assert.not(set.add(mh, 0x70))
  assert.is(set.size, 2)
})

test('digests that differ anywhere in their last 16 bytes are not taken for each other', () => {
  const set = new DigestSet({ words: 4 })
  const mh = multihash()
  set.add(mh)
  for (let index = mh.length - 16; index < mh.length; index++) {
    const other = mh.slice()
    other[index] = (other[index] ?? 0) ^ 1
    assert.not(set.has(other), `byte ${index}`)
  }
})

test('a digest of zeros is an entry like any', () => {
  const set = new DigestSet({ words: 2 })
  const zeros = new Uint8Array(34)
  assert.not(set.has(zeros))
  assert.ok(set.add(zeros))
  assert.ok(set.has(zeros))
})

test.run()
