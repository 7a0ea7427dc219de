import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { SourceEntry } from '../../src/api/add.ts'
import type { WhyEvent } from '../../src/api/why.ts'
import { importSources } from '../../src/dag/import/import.ts'
import { SILENT } from '../../src/observe/log.ts'
import { createPins } from '../../src/pins/pins.ts'
import type { Store } from '../../src/store/store.ts'
import { freshStore, leaf, node, putAll, WAIT } from '../store/support.ts'
import { diamond, folder } from './dags.ts'
import { collect, pinsOf } from './support.ts'

const why = (store: Store, cid: CID, graceMs = 0): Promise<WhyEvent[]> =>
  collect(createPins({ store, sourceFor: () => store, log: SILENT, graceMs }).why(cid, WAIT))

const types = (events: readonly WhyEvent[]): string =>
  events.map(event => (event.type === 'verdict' ? event.verdict : event.type)).join(' ')

const root = (kind: string, key: string, cid: CID) => ({
  sql: 'INSERT INTO roots (kind, key, cid) VALUES (?, ?, ?)',
  params: [kind, key, cid.bytes],
})

/** Everything that a collection takes says so before, and nothing else does. */
async function agreesWithCollection(store: Store, cids: readonly CID[], graceMs = 0): Promise<void> {
  const { collectGarbage } = await import('../../src/pins/gc.ts')
  const events = await collect(collectGarbage(store, { graceMs, list: true, dryRun: true, ...WAIT }))
  const gone = new Set(events.flatMap(event => (event.type === 'removed' ? [hexOf(CID.parse(event.cid))] : [])))
  for (const cid of cids) {
    const verdict = (await why(store, cid, graceMs)).at(-1)
    assert.ok(verdict?.type === 'verdict')
    assert.is(verdict.verdict === 'collectable' || verdict.verdict === 'cached', gone.has(hexOf(cid)), String(cid))
  }
}

const hexOf = (cid: CID): string => Buffer.from(cid.multihash.bytes).toString('hex')

test('every pin that keeps a block is named, with its path of links; other roots that share a part of it too', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const inner = folder(['x', 'y'])
  const [top, other, apart] = [node([leaf('z').cid, inner.root]), node([inner.root, leaf('w').cid]), folder(['v'])]
  await putAll(store, [...inner.blocks, leaf('z'), leaf('w'), top, other, ...apart.blocks])
  await pins.add(top.cid, { ...WAIT, name: 'top', owner: 'ann', labels: { k: 'v' } })
  await pins.add(apart.root, WAIT)
  await pins.add(other.cid, WAIT)
  await pins.add(inner.root, { ...WAIT, mode: 'direct' })
  const events = await why(store, inner.blocks[1]!.cid)
  assert.is(types(events), 'block pin pin safe')
  const [, first, second] = events
  assert.ok(first?.type === 'pin' && second?.type === 'pin')
  assert.ok(first.root.equals(top.cid) && second.root.equals(other.cid))
  assert.equal([first.name, first.owner, first.labels], ['top', 'ann', { k: 'v' }])
  assert.equal(
    first.path.map(({ link }) => link),
    ['#1', '#1'],
  )
  assert.ok(first.path.at(-1)!.cid.equals(inner.blocks[1]!.cid))
  assert.equal(
    second.path.map(({ link }) => link),
    ['#0', '#1'],
  )
  assert.is(types(await why(store, inner.root)), 'block pin pin pin safe')
  assert.is(types(await why(store, apart.root)), 'block pin safe')
  await agreesWithCollection(
    store,
    [...inner.blocks, ...apart.blocks, top, other].map(({ cid }) => cid),
  )
})

test('names of folders and of shards lead to it; files say their path', async () => {
  await using store = await freshStore()
  await using operation = await store.begin('add')
  const content = async function* (text: string) {
    yield Buffer.from(text)
  }
  const entries = async function* (): AsyncGenerator<SourceEntry> {
    for (let index = 0; index < 40; index++)
      yield { kind: 'file', path: ['top', 'deep', `some file ${index}`], content: content(`content ${index}`) }
  }
  const options = { ...WAIT, maxDirectoryLinks: 8, maxHamtFanout: 8 }
  let [made, file]: (CID | undefined)[] = []
  for await (const event of importSources([{ kind: 'entries', entries: entries() }], options, operation)) {
    if (event.type === 'added' && event.name.endsWith('some file 7')) file = event.cid
    if (event.type === 'done') made = event.roots[0]
  }
  await operation.finish([root('mfs', '/', made!)])
  const [, found, verdict] = await why(store, file!)
  assert.ok(found?.type === 'files' && verdict?.type === 'verdict')
  assert.is(found.filesPath, '/deep/some file 7')
  assert.ok(found.path.length > 3, 'through levels of shards')
})

test('published names, operations, grace, cache, nothing, not here, bad: each is told', async () => {
  await using store = await freshStore()
  const [named, loose, cached, fresh] = [folder(['named']), folder(['loose']), leaf('cached', 300), folder(['fresh'])]
  await putAll(store, [...named.blocks, ...loose.blocks])
  await store.cache(cached.cid, cached.bytes)
  await store.write([root('ipns', 'k51', named.root), { sql: 'DELETE FROM operations', params: [] }])
  assert.is(types(await why(store, named.blocks[0]!.cid)), 'block name safe')
  assert.is(types(await why(store, loose.root)), 'block collectable')
  assert.is(types(await why(store, cached.cid)), 'block cache cached')
  assert.is(types(await why(store, fresh.root)), 'block missing')
  await putAll(store, fresh.blocks)
  assert.is(types(await why(store, fresh.root, 3_600_000)), 'block grace safe')
  await using operation = await store.begin('add')
  assert.ok(await operation.keep(loose.root, WAIT))
  await operation.flush()
  const held = await why(store, loose.root)
  assert.is(types(held), 'block operation safe')
  assert.ok(held[1]?.type === 'operation' && held[1].pid === process.pid && held[1].kind === 'add')
  await store.write([
    { sql: 'UPDATE blocks SET pack = -2 WHERE mh = ?', params: [named.root.multihash.bytes] },
    { sql: 'INSERT INTO dead (pack, mh, size) VALUES (-1, ?, 1)', params: [leaf('dead').cid.multihash.bytes] },
  ])
  const [bad] = await why(store, named.root)
  assert.ok(bad?.type === 'block' && bad.state === 'bad')
  const [dead] = await why(store, leaf('dead').cid)
  assert.ok(dead?.type === 'block' && dead.place === 'dead' && dead.state === 'missing')
})

test('pins that are still being made keep what has come; those that have ended keep nothing', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const { root: top, blocks } = folder(['a', 'b'])
  await putAll(store, blocks.slice(1))
  await store.write([{ sql: 'DELETE FROM operations', params: [] }])
  await pins.enqueue(top, WAIT)
  assert.is(types(await why(store, blocks[1]!.cid)), 'block pin safe')
  assert.is(types(await why(store, blocks[0]!.cid)), 'block pin missing')
  await pins.enqueue(top, { ...WAIT, expires: 1 })
  assert.is(types(await why(store, blocks[1]!.cid)), 'block collectable')
  await agreesWithCollection(
    store,
    blocks.slice(1).map(({ cid }) => cid),
  )
})

test('a diamond of 30 × 60 blocks is looked into once', async () => {
  await using store = await freshStore()
  const { root: top, blocks } = diamond(30, 60)
  await putAll(store, blocks)
  await pinsOf(store).add(top, WAIT)
  await pinsOf(store).add(top, { ...WAIT, name: 'again' })
  const events = await why(store, blocks[0]!.cid)
  assert.is(types(events), 'block pin pin safe')
  assert.ok(events[1]?.type === 'pin' && events[1].path.length === 30)
})

test.run()
