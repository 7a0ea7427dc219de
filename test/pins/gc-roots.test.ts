import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DAG_CBOR, RAW } from '../../src/block/cid.ts'
import { hashByName, sha256 } from '../../src/block/hash.ts'
import type { NewBlock } from '../../src/block/source.ts'
import { collectGarbage } from '../../src/pins/gc.ts'
import { Marks } from '../../src/pins/mark.ts'
import { pinStatements } from '../../src/pins/pins.ts'
import { openEpoch } from '../../src/store/collect/epoch.ts'
import { sweep } from '../../src/store/collect/sweep.ts'
import { assertReadable, bytesOf, freshStore, leaf, node, putAll, rejects, WAIT } from '../store/support.ts'
import { diamond, folder } from './dags.ts'
import { collect, gc, healthy, hexOf, pinsOf } from './support.ts'

test('pins in every status are roots for what is present', async () => {
  await using store = await freshStore()
  const dags = ['queued', 'pinning', 'failed'].map(seed => folder([seed, `${seed} missing`]))
  for (const [status, { root, blocks }] of dags.entries()) {
    await putAll(
      store,
      blocks.filter((_, index) => index !== 1),
    )
    await store.write([
      {
        sql: 'INSERT INTO pins (mh, cid, mode, created, status) VALUES (?, ?, 1, 0, ?)',
        params: [root.multihash.bytes, root.bytes, [0, 1, 3][status]!],
      },
    ])
  }
  assert.equal((await gc(store)).removed, [])
})

test('MFS and published names are roots; a name may point at what is not here', async () => {
  await using store = await freshStore()
  const [files, name, away] = [folder(['files']), folder(['name']), folder(['away'])]
  await putAll(store, [...files.blocks, ...name.blocks, ...away.blocks.slice(0, 1)])
  const root = (kind: string, cid: CID) => ({
    sql: 'INSERT INTO roots (kind, key, cid) VALUES (?, ?, ?)',
    params: [kind, cid.toString(), cid.bytes],
  })
  await store.write([root('mfs', files.root), root('ipns', name.root), root('ipns', away.root)])
  assert.equal((await gc(store)).removed, hexOf(away.blocks.slice(0, 1)))
  await healthy(store)
})

test('a missing node under a complete pin: nothing is collected, and the error names root and block', async () => {
  await using store = await freshStore()
  const inner = folder(['a', 'b'])
  const root = node([inner.root])
  const dead = folder(['dead'])
  await putAll(store, [...inner.blocks, root, ...dead.blocks])
  await pinsOf(store).add(root.cid, WAIT)
  await store.remove(inner.root, WAIT)
  const error = await rejects(gc(store), 'REPO_DAMAGED')
  assert.match(error.message, root.cid.toString())
  assert.match(error.message, inner.root.toString())
  await assertReadable(store, [...inner.blocks.slice(0, 2), ...dead.blocks])
})

test('a damaged node under any root, an incomplete one too: nothing is collected', async () => {
  await using store = await freshStore()
  const { root, blocks } = folder(['a', 'b'])
  await putAll(store, blocks)
  await store.write([
    {
      sql: 'INSERT INTO pins (mh, cid, mode, created, status) VALUES (?, ?, 1, 0, 1)',
      params: [root.multihash.bytes, root.bytes],
    },
    {
      sql: "UPDATE data SET bytes = x'00' WHERE id = (SELECT at FROM blocks WHERE mh = ?)",
      params: [root.multihash.bytes],
    },
  ])
  await rejects(gc(store), 'REPO_DAMAGED')
  await rejects(gc(store), 'REPO_DAMAGED')
  await assertReadable(store, blocks.slice(0, 2))
})

test('other hash functions and codecs are marked and collected like any (H9)', async () => {
  await using store = await freshStore()
  const hashed = (name: string, seed: string): NewBlock => {
    const { code, digest } = hashByName(name)
    const bytes = bytesOf(seed, 300)
    return { cid: CID.createV1(RAW, create(code, digest(bytes))), bytes, hasLinks: false }
  }
  const names = ['sha2-512', 'blake3', 'blake2b-256', 'sha3-384', 'sha1']
  const kept = names.map(name => hashed(name, 'kept'))
  const dead = names.map(name => hashed(name, 'dead'))
  const bytes = dagCbor.encode({ list: kept.map(({ cid }) => cid), deep: { also: folder(['c']).root } })
  const root: NewBlock = { cid: CID.createV1(DAG_CBOR, sha256(bytes)), bytes, hasLinks: true }
  await putAll(store, [...kept, ...dead, ...folder(['c']).blocks, root])
  await pinsOf(store).add(root.cid, WAIT)
  assert.equal((await gc(store)).removed.toSorted(), hexOf(dead))
  await assertReadable(store, [...kept, ...folder(['c']).blocks, root])
  await healthy(store)
})

test('a block that came in as raw and is pinned as a node keeps what it links to', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const { root, blocks } = folder(['a', 'b'])
  const asRaw = { ...blocks.at(-1)!, cid: CID.createV1(RAW, root.multihash), hasLinks: false }
  await putAll(store, [asRaw, ...blocks.slice(0, 2)])
  await pins.add(asRaw.cid, { ...WAIT, name: 'as raw' })
  await pins.add(root, WAIT)
  assert.equal((await gc(store)).removed, [])
  await pins.rm(root, WAIT)
  assert.equal((await gc(store)).removed.toSorted(), hexOf(blocks.slice(0, 2)))
  assert.ok(store.has(root))
})

test('the same block put as raw by one add and as a node by another is marked as a node', async () => {
  await using store = await freshStore()
  const { root, blocks } = folder(['a', 'b'])
  await putAll(store, [{ ...blocks.at(-1)!, cid: CID.createV1(RAW, root.multihash), hasLinks: false }])
  await using operation = await store.begin('add')
  for (const block of blocks) await operation.put(block)
  await operation.finish(pinStatements([root], { mode: 'recursive', name: '' }))
  assert.equal((await gc(store)).removed, [])
})

test('identity CIDs on the way are followed', async () => {
  await using store = await freshStore()
  const below = leaf('below')
  const inline = node([below.cid])
  const asIdentity = CID.createV1(0x70, create(0, inline.bytes))
  const root = node([asIdentity])
  await putAll(store, [below, root])
  await pinsOf(store).add(root.cid, WAIT)
  assert.equal((await gc(store)).removed, [])
})

test('a diamond of 30 × 60 blocks is marked by visiting each once (H10)', async () => {
  await using store = await freshStore()
  const { root, blocks } = diamond(30, 60)
  await using operation = await store.begin('add')
  for (const block of blocks) await operation.put(block)
  await operation.finish(pinStatements([root], { mode: 'recursive', name: '' }))
  const events = await collect(collectGarbage(store, { graceMs: 0, ...WAIT }))
  const marked = events.find(event => event.type === 'marked')
  assert.ok(marked?.type === 'marked')
  assert.is(marked.blocks, blocks.length)
})

test('marking part by part comes to the same', async () => {
  await using store = await freshStore()
  const [kept, dead] = [
    folder(Array.from({ length: 60 }, (_, i) => `k${i}`)),
    folder(Array.from({ length: 60 }, (_, i) => `d${i}`)),
  ]
  await putAll(store, [...kept.blocks, ...dead.blocks])
  await pinsOf(store).add(kept.root, WAIT)
  const threshold = await openEpoch(store, 0)
  const removed: string[] = []
  for (let index = 0; index < 3; index++) {
    const marks = new Marks({ store, part: { index, count: 3 }, expected: 50, ...WAIT })
    await marks.markRoots()
    const swept = (await collect(sweep({ store, marks, threshold, dryRun: false, ...WAIT }))).flat()
    assert.ok(swept.length > 0 && swept.length < dead.blocks.length)
    removed.push(...swept.map(({ mh }) => Buffer.from(mh).toString('hex')))
  }
  assert.equal(removed.toSorted(), hexOf(dead.blocks))
  await healthy(store)
})

test.run()
