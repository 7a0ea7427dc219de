import { cpSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CheckEvent, CheckFinding } from '../../src/api/repo.ts'
import { checkRepo } from '../../src/store/check/check.ts'
import type { FetchFor } from '../../src/store/check/repair-plan.ts'
import { packFile } from '../../src/store/paths.ts'
import type { Store } from '../../src/store/store.ts'
import { collect, findings } from '../pins/support.ts'
import { CACHED, FILE, filled, flip, INLINE, mhOf, PACKED, placeOf, sql } from './check-support.ts'
import { DAMAGES } from './damages.ts'
import { assertBooks, assertReadable, openAt, WAIT } from './support.ts'

/** A copy of the repository as it was, for somebody who has everything. */
async function withCopy(): Promise<{ store: Store; copy: Store }> {
  const store = await filled()
  await store[Symbol.asyncDispose]()
  cpSync(store.path, `${store.path}-copy`, { recursive: true })
  return { store: await openAt(store.path), copy: await openAt(`${store.path}-copy`) }
}

const askFor =
  (copy: Store): FetchFor =>
  (_root, cid, wait) =>
    copy.get(cid, wait)

async function repair(store: Store, sources: readonly FetchFor[]) {
  const events = await collect(
    checkRepo({ path: store.path, store, readData: true, repair: { sources }, ...WAIT }) as AsyncIterable<CheckEvent>,
  )
  const done = events.at(-1)
  if (done?.type !== 'done') throw new Error('a check ended without saying so')
  return { done, found: events.flatMap(event => (event.type === 'finding' ? [event.finding] : [])) }
}

const show = (found: readonly CheckFinding[]): string => found.map(each => JSON.stringify(each)).join('\n')
const KEPT = [FILE, ...PACKED.blocks, ...INLINE.blocks]

for (const { name, does, found, stays = false, beyond = false } of DAMAGES) {
  test(`mended: ${name}`, async () => {
    const { store, copy } = await withCopy()
    await using _ = store
    await using __ = copy
    await does(store)
    const outcome = await repair(store, [askFor(copy)])
    const kinds = outcome.found.map(({ severity, kind }) => `${severity} ${kind}`)
    assert.ok(
      found.some(kind => kinds.includes(kind) || kind === 'error incomplete-pin'),
      kinds.join(', '),
    )
    for (const finding of outcome.found)
      if (finding.kind !== 'quarantine') assert.type(finding.repaired, 'boolean', show([finding]))
    if (beyond) {
      assert.ok(outcome.done.left > 0)
      return
    }
    assert.is(outcome.done.left, 0, show(outcome.found))
    const after = (await findings(store)).filter(kind => kind !== 'note quarantine')
    assert.equal(after, stays ? found : [])
    assertBooks(store)
    await assertReadable(store, KEPT)
  })
}

test('a row that says the place of another block: that one keeps its bytes, whichever is looked at first', async () => {
  const { store, copy } = await withCopy()
  await using _ = store
  await using __ = copy
  const [a, b] = INLINE.blocks.map(mhOf)
  for (const [wrong, right] of [
    [a!, b!],
    [b!, a!],
  ] as const) {
    await sql(store, 'UPDATE blocks SET at = ? WHERE mh = ?', placeOf(store, right).at, wrong)
    const place = placeOf(store, right)
    const { done, found } = await repair(store, [askFor(copy)])
    assert.is(done.left, 0, show(found))
    assert.equal(placeOf(store, right), place)
    assertBooks(store)
    await assertReadable(store, KEPT)
  }
  assert.equal(await findings(store), ['note quarantine'])
})

test('without anybody to ask, what is lost is told with the pins it hurts, and marked', async () => {
  await using store = await filled()
  const packed = PACKED.blocks[3]!
  flip(packFile(store.path, 1), placeOf(store, mhOf(packed)).at + 7)
  const { done, found } = await repair(store, [])
  const hurt = found.find(({ kind }) => kind === 'bad-hash')
  assert.is(hurt?.repaired, false)
  assert.match(hurt?.how ?? '', String(PACKED.root))
  assert.ok(done.left > 0)
  assert.is(placeOf(store, mhOf(packed)).pack, -2)
  assert.ok(readdirSync(join(store.path, 'quarantine')).some(file => file.startsWith(String(packed.cid))))
  await assertReadable(store, [FILE, ...INLINE.blocks])
})

test('a copy that still lies in a pack is enough', async () => {
  const { store, copy } = await withCopy()
  await using _ = store
  await using __ = copy
  const packed = PACKED.blocks[3]!
  cpSync(packFile(copy.path, 1), packFile(store.path, 77))
  flip(packFile(store.path, 1), placeOf(store, mhOf(packed)).at + 7)
  const { done, found } = await repair(store, [])
  assert.is(done.left, 0, show(found))
  assert.not.ok(existsSync(packFile(store.path, 77)), 'the orphan pack has gone, after it was of use')
  await assertReadable(store, KEPT)
})

test('an inner node that is lost hides nothing: what is lost below it comes back too', async () => {
  const { store, copy } = await withCopy()
  await using _ = store
  await using __ = copy
  const root = PACKED.blocks.at(-1)!
  await sql(store, "UPDATE data SET bytes = x'00' WHERE id = ?", placeOf(store, mhOf(root)).at)
  flip(packFile(store.path, 1), placeOf(store, mhOf(PACKED.blocks[0]!)).at + 9)
  const asked: string[] = []
  const { done, found } = await repair(store, [
    (rootCid, cid, wait) => {
      asked.push(String(rootCid))
      return copy.get(cid, wait)
    },
  ])
  assert.is(done.left, 0, show(found))
  assert.equal(asked, [String(PACKED.root), String(PACKED.root)], 'both are looked for below the root')
  await assertReadable(store, KEPT)
})

test('a healthy repository is left as it is, cache included', async () => {
  await using store = await filled()
  const { done, found } = await repair(store, [])
  assert.equal([found, done.errors, done.left], [[], 0, 0])
  await assertReadable(store, [CACHED, ...KEPT])
})

test.run()
