import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readLabels } from '../../src/pins/labels.ts'
import type { Statement } from '../../src/store/store.ts'
import { freshStore, leaf, putAll, rejects, WAIT } from '../store/support.ts'
import { folder } from './dags.ts'
import { listPins, pinsOf } from './support.ts'

const PINS = process.env.TEST_FULL ? 100_000 : 5_000
const BLOCKS = process.env.TEST_FULL ? 1_000_000 : 5_000

test('filters by name, owner, labels, status, CID and mode, together and one by one', async () => {
  await using store = await freshStore()
  const pins = pinsOf(store)
  const [a, b] = [folder(['a']), folder(['b'])]
  await putAll(store, [...a.blocks, ...b.blocks])
  await pins.add(a.root, { ...WAIT, name: 'photos 2026', owner: 'ann', labels: { team: 'web', tier: '1' } })
  await pins.add(a.root, { ...WAIT, name: 'photos 2025', owner: 'bob', labels: { team: 'web' } })
  await pins.add(b.root, { ...WAIT, mode: 'direct', labels: { 'odd "key"': 'odd = value', team: 'ops' } })
  await pins.enqueue(leaf('missing').cid, { ...WAIT, owner: 'ann' })
  const names = async (filter: Parameters<typeof listPins>[1]) =>
    (await listPins(pins, filter)).map(({ name, owner }) => `${name}/${owner}`)
  assert.equal(await names({ name: '2026' }), ['photos 2026/ann'])
  assert.equal(await names({ owner: 'ann' }), ['photos 2026/ann', '/ann'])
  assert.equal(await names({ owner: '' }), ['/'])
  assert.equal(await names({ labels: { team: 'web' } }), ['photos 2026/ann', 'photos 2025/bob'])
  assert.equal(await names({ labels: { team: 'web', tier: '1' } }), ['photos 2026/ann'])
  assert.equal(await names({ labels: { 'odd "key"': 'odd = value' } }), ['/'])
  assert.equal(await names({ labels: { team: '1' } }), [])
  assert.equal(await names({ status: 'queued' }), ['/ann'])
  assert.equal(await names({ cid: a.root, owner: 'bob' }), ['photos 2025/bob'])
  assert.equal(await names({ mode: 'direct' }), ['/'])
  await pins.rm(a.root, { ...WAIT, owner: 'bob' })
  assert.equal(await names({ cid: a.root }), ['photos 2026/ann'])
  await rejects(pins.rm(a.root, { ...WAIT, owner: 'bob' }), 'NOT_PINNED')
})

test('labels as people write them', () => {
  assert.equal(readLabels(['a=1', 'b=x=y', 'c=', 'a=2']), { a: '2', b: 'x=y', c: '' })
  assert.equal(Object.keys(readLabels(['__proto__=1'])), ['__proto__'])
  for (const bad of ['', 'a', '=1']) assert.throws(() => readLabels([bad]), /is not a label/)
})

test(`${PINS} pins beside ${BLOCKS} blocks: the first row at once, each of them once, by CID and by label without a scan of all in one read`, async () => {
  await using store = await freshStore()
  const { database } = store
  await database.transact(tx => {
    tx.run(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
        INSERT INTO blocks SELECT unhex('1220') || randomblob(32), 100, 0, 1, 0, -1, 0, 1 FROM n`,
      BLOCKS,
    )
  })
  const pins = pinsOf(store)
  const cids = Array.from({ length: PINS }, (_, index) => leaf(`pin ${index}`, 8).cid)
  const insert = (index: number): Statement => {
    const cid = cids[index]!
    // Ids with holes, as removals leave them.
    return {
      sql: 'INSERT INTO pins (id, mh, cid, mode, name, labels, created, status) VALUES (?, ?, ?, 1, ?, ?, 0, 2)',
      params: [
        index * 7 + 1,
        cid.multihash.bytes,
        cid.bytes,
        `name ${index}`,
        index === PINS - 2 ? '{"rare":"yes"}' : '',
      ],
    }
  }
  for (let at = 0; at < PINS; at += 5000)
    await store.write(Array.from({ length: Math.min(5000, PINS - at) }, (_, index) => insert(at + index)))
  const timed = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
    const startedAt = performance.now()
    return [await work(), performance.now() - startedAt]
  }
  const first = async (filter: Parameters<typeof listPins>[1] = {}) => {
    for await (const pin of pins.ls({ ...filter, ...WAIT })) return pin
    return undefined
  }
  const [, firstMs] = await timed(() => first())
  const [byCid, cidMs] = await timed(() => first({ cid: cids[PINS - 1]! }))
  const [rare, labelMs] = await timed(() => first({ labels: { rare: 'yes' } }))
  const [none, noneMs] = await timed(() => first({ name: 'no such name' }))
  assert.is(byCid?.name, `name ${PINS - 1}`)
  assert.is(rare?.name, `name ${PINS - 2}`)
  assert.is(none, undefined)
  const [all, allMs] = await timed(() => listPins(pins))
  assert.is(all.length, PINS)
  assert.is(new Set(all.map(({ id }) => id)).size, PINS)
  const [unpinned, rmMs] = await timed(() => pins.rm(cids[5]!, WAIT))
  assert.is(unpinned, undefined)
  assert.is((await listPins(pins, { afterId: 7 * (PINS - 3) + 1 })).length, 2)
  const plan = database.all<{ detail: string }>(
    'EXPLAIN QUERY PLAN SELECT id, walker FROM pins WHERE status < 2 AND (retry_at IS NULL OR retry_at <= 1) ORDER BY priority DESC, attempts, id LIMIT 200',
  )
  assert.match(plan.map(({ detail }) => detail).join(), /USING COVERING INDEX pins_waiting/)
  const ms = (value: number) => `${value.toFixed(1)} ms`
  console.log(
    `\n» pins: ${PINS} pins, ${BLOCKS} blocks: first row ${ms(firstMs)}, by CID ${ms(cidMs)}, by the last label ${ms(labelMs)}, no match ${ms(noneMs)}, all ${ms(allMs)}, unpin ${ms(rmMs)}`,
  )
})

test.run()
