import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { freshStore, leaf, openAt, putAll } from './support.ts'

const hex = (list: readonly Uint8Array[]) => list.map(mh => Buffer.from(mh).toString('hex'))

for (const commit of ['inline', 'worker'] as const) {
  test(`listeners hear what this process committed, and that another one has (${commit})`, async () => {
    const store = await freshStore({ commit })
    const heard: (readonly Uint8Array[])[] = []
    const stop = store.onCommit(multihashes => heard.push(multihashes))
    const blocks = [leaf('heard 1'), leaf('heard 2')]
    await putAll(store, blocks)
    const own = hex(heard.flat())
    assert.equal(own.sort(), hex(blocks.map(({ cid }) => cid.multihash.bytes)).sort())
    // The polls after our own commits tell nothing new.
    await setTimeout(250)
    heard.splice(0)
    const other = await openAt(store.path)
    await putAll(other, [leaf('of the other')])
    for (let turn = 0; turn < 100 && heard.length === 0; turn++) await setTimeout(20)
    assert.equal(heard[0], [])
    stop()
    heard.splice(0)
    await putAll(store, [leaf('unheard')])
    await setTimeout(150)
    assert.is(heard.length, 0)
    await other[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
  })
}

test('a request that is late may listen to a store that is closing: nothing looks into the closed database', async () => {
  const store = await freshStore()
  await store[Symbol.asyncDispose]()
  const stop = store.onCommit(() => assert.unreachable('nobody commits any more'))
  // Three polls; one that failed would end this process.
  await setTimeout(300)
  stop()
})

test.run()
