import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { flatten, gather, inBatches, mapAhead } from '../../gateway/rpc/streams.ts'

async function* count(to: number, failAfter = Number.POSITIVE_INFINITY): AsyncGenerator<number> {
  for (let i = 0; i < to; i++) {
    if (i === failAfter) throw new Error('source')
    yield i
  }
}

const later = <T>(value: T, turns: number): Promise<T> =>
  new Promise(resolve => {
    const wait = (left: number) => (left === 0 ? resolve(value) : setImmediate(wait, left - 1))
    wait(turns)
  })

test('results come in order, and no more than so many calls are under way', async () => {
  let running = 0
  let most = 0
  const results = await gather(
    mapAhead(count(50), 4, async item => {
      most = Math.max(most, ++running)
      await later(0, (item * 7) % 5)
      running--
      return item * 2
    }),
  )
  assert.equal(
    results,
    Array.from({ length: 50 }, (_, i) => i * 2),
  )
  assert.is(most, 4)
})

test('a result comes while the next item keeps us waiting', async () => {
  const { promise: second, resolve } = Promise.withResolvers<void>()
  async function* slow(): AsyncGenerator<number> {
    yield 1
    await second
    yield 2
  }
  const results = mapAhead(slow(), 4, async item => item)
  assert.equal(await results.next(), { value: 1, done: false })
  resolve()
  assert.equal(await gather(results), [2])
})

test('what was begun before the source failed still comes', async () => {
  const seen: number[] = []
  let message = ''
  try {
    for await (const result of mapAhead(count(9, 3), 8, item => later(item, 3))) seen.push(result)
  } catch (error) {
    message = (error as Error).message
  }
  assert.equal(seen, [0, 1, 2])
  assert.is(message, 'source')
})

test('a call that fails ends it, even while the source is silent', async () => {
  async function* silent(): AsyncGenerator<number> {
    yield 1
    await new Promise(() => {})
  }
  const results = mapAhead(silent(), 4, () => Promise.reject(new Error('call')))
  assert.is(await gather(results).catch(error => error.message), 'call')
})

async function* pieces(count: number, bytes: number, isSlow = false): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) {
    if (isSlow) await later(0, 3)
    yield new Uint8Array(bytes).fill(i)
  }
}

const sizes = async (source: AsyncIterable<Uint8Array>, most: { count: number; bytes: number }) =>
  (await gather(inBatches(source, most))).map(batch => batch.length)

test('batches end at their number, at their bytes, and when nothing comes', async () => {
  assert.equal(await sizes(pieces(10, 1), { count: 4, bytes: 1000 }), [4, 4, 2])
  assert.equal(await sizes(pieces(5, 100), { count: 100, bytes: 250 }), [3, 2])
  assert.equal(await sizes(pieces(3, 1, true), { count: 100, bytes: 1000 }), [1, 1, 1])
  assert.equal(await sizes(pieces(0, 1), { count: 4, bytes: 4 }), [])
})

test('a batch that was begun comes before the failure of its source', async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield* pieces(2, 1)
    throw new Error('source')
  }
  const seen: number[] = []
  let message = ''
  try {
    for await (const piece of flatten(inBatches(failing(), { count: 10, bytes: 10 }))) seen.push(piece[0] ?? -1)
  } catch (error) {
    message = (error as Error).message
  }
  assert.equal(seen, [0, 1])
  assert.is(message, 'source')
})

test.run()
