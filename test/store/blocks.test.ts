import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { KiB, MiB } from '../../src/units.ts'
import { assertBooks, assertReadable, freshStore, leaf, node, openAt, putAll, WAIT } from './support.ts'

for (const commit of ['inline', 'worker'] as const) {
  test(`each kind of block goes to its place and comes back (${commit})`, async () => {
    const store = await freshStore({ commit })
    const small = [leaf('a', 10), leaf('b', 1000)]
    await putAll(store, small)
    const single = [leaf('single', 300 * KiB)]
    await putAll(store, single)
    const bulk = Array.from({ length: 40 }, (_, index) => leaf(`bulk ${index}`, index % 2 ? 4 * KiB : MiB))
    const root = node(bulk.map(block => block.cid))
    await putAll(store, [...bulk, root])
    const placeOf = (block: { cid: { multihash: { bytes: Uint8Array } } }) =>
      store.database.get<{ pack: number }>('SELECT pack FROM blocks WHERE mh = ?', block.cid.multihash.bytes)?.pack
    for (const block of small) assert.is(placeOf(block), 0, 'a small group lies inline')
    for (const block of single) assert.is(placeOf(block), -1, 'a large block that comes alone is a file')
    for (const block of bulk) assert.ok((placeOf(block) ?? 0) > 0, 'bulk lies in a pack')
    assert.is(placeOf(root), 0, 'an inner node lies inline')
    const all = [...small, ...single, ...bulk, root]
    await assertReadable(store, all)
    assertBooks(store)
    assert.is(store.counters().blocks, all.length)
    await store[Symbol.asyncDispose]()
    const again = await openAt(store.path)
    await assertReadable(again, all)
    for (const { cid, bytes } of all) {
      const lent = await again.borrow(cid, WAIT)
      assert.ok(Buffer.compare(lent.bytes, bytes) === 0)
      lent.release()
    }
    assert.is(
      again.database.get<{ n: number }>('SELECT count(*) AS n FROM leases')?.n,
      0,
      'a clean end leaves no lease',
    )
    assert.is(again.database.get<{ n: number }>('SELECT count(*) AS n FROM packs WHERE owner IS NOT NULL')?.n, 0)
    await again[Symbol.asyncDispose]()
  })
}

test.run()
