import { existsSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { plan } from '../../src/node/scrub-task.ts'
import { SILENT } from '../../src/observe/log.ts'
import { packFile, repoPaths } from '../../src/store/paths.ts'
import { type ScrubOptions, scrubStore } from '../../src/store/scrub/scrub.ts'
import { changeScrubState, readScrubState } from '../../src/store/scrub/state.ts'
import { createThrottle } from '../../src/store/scrub/throttle.ts'
import type { Store } from '../../src/store/store.ts'
import { MiB } from '../../src/units.ts'
import { collect } from '../pins/support.ts'
import { CACHED, FILE, filled, flip, INLINE, mhOf, PACKED, placeOf, sql } from './check-support.ts'
import { assertBooks, assertReadable, leaf, putAll, rejects, WAIT } from './support.ts'

const scrub = (store: Store, options: Partial<ScrubOptions> = {}) =>
  scrubStore(store, { rateBytes: 0, log: SILENT, ...WAIT, ...options })

const ALL = [FILE, CACHED, ...PACKED.blocks, ...INLINE.blocks]
const BYTES = ALL.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)

test('a healthy repository: everything is hashed once, and the run is remembered', async () => {
  await using store = await filled()
  const events = await collect(scrub(store))
  assert.equal(events.at(-1), { type: 'done', blocks: ALL.length, bytes: BYTES, bad: 0 })
  const { last, run } = readScrubState(store.database)
  assert.is(run, undefined)
  assert.equal([last?.blocks, last?.bytes, last?.bad], [ALL.length, BYTES, 0])
})

test('damage in each kind of place is found, put aside and told; the rest is left alone', async () => {
  await using store = await filled()
  const [packed, inline] = [PACKED.blocks[3]!, INLINE.blocks[0]!]
  flip(packFile(store.path, 1), placeOf(store, mhOf(packed)).at + 7)
  await sql(store, "UPDATE data SET bytes = x'00' WHERE id = ?", placeOf(store, mhOf(inline)).at)
  const bad = (await collect(scrub(store))).filter(event => event.type === 'bad')
  assert.equal(
    bad.map(({ kept }) => kept),
    [true, true],
  )
  assert.equal(
    bad.map(({ multihash }) => Buffer.from(multihash).toString('hex')).sort(),
    [packed, inline].map(block => Buffer.from(mhOf(block)).toString('hex')).sort(),
  )
  assert.equal([placeOf(store, mhOf(packed)).pack, placeOf(store, mhOf(inline)).pack], [-2, -2])
  assert.is(readdirSync(repoPaths(store.path).quarantine).length, 2)
  assertBooks(store)
  await assertReadable(
    store,
    ALL.filter(block => block !== packed && block !== inline),
  )
  const again = await collect(scrub(store))
  assert.is(
    again.filter(event => event.type === 'bad').length,
    2,
    'they are told, and so asked for, until they are back',
  )
  await putAll(store, [packed, inline])
  assert.equal((await collect(scrub(store))).at(-1), { type: 'done', blocks: ALL.length, bytes: BYTES, bad: 0 })
})

test('interrupted wherever, it goes on from there: each block is hashed once', async () => {
  let most = 0
  for (const after of [1, 3, 9, 17, 22, 27]) {
    await using store = await filled()
    const stop = new AbortController()
    let steps = 0
    const look = stop.signal.throwIfAborted.bind(stop.signal)
    stop.signal.throwIfAborted = () => {
      if (++steps > after) stop.abort(new Error('enough'))
      look()
    }
    const error = await collect(scrub(store, { signal: stop.signal })).catch(cause => cause)
    assert.is(error.message, 'enough')
    const { run } = readScrubState(store.database)
    assert.ok(run !== undefined && run.blocks <= ALL.length, `${run?.blocks}`)
    most = Math.max(most, run.blocks)
    assert.equal((await collect(scrub(store))).at(-1), { type: 'done', blocks: ALL.length, bytes: BYTES, bad: 0 })
  }
  assert.ok(most > PACKED.blocks.length, 'some stops were late')
})

test('one at a time', async () => {
  await using store = await filled()
  const first = scrub(store)
  await changeScrubState(store.database, state => ({ ...state, repaired: 3 }))
  const iterator = first[Symbol.asyncIterator]()
  flip(packFile(store.path, 1), placeOf(store, mhOf(PACKED.blocks[3]!)).at + 7)
  const { value } = await iterator.next()
  assert.is(value?.type, 'bad')
  await rejects(collect(scrub(store)), 'REPO_LOCKED')
  await iterator.return?.(undefined)
  assert.is(readScrubState(store.database).repaired, 3)
  await collect(scrub(store, { anew: true }))
})

test('an empty folder is rather a disk that is not mounted: nothing is decided on that', async () => {
  await using store = await filled()
  const { packs } = repoPaths(store.path)
  renameSync(join(packs, '1.pack'), join(store.path, '1.pack'))
  await rejects(collect(scrub(store)), 'READ_FAILED')
  assert.ok(existsSync(packs))
  renameSync(join(store.path, '1.pack'), join(packs, '1.pack'))
  assert.equal((await collect(scrub(store))).at(-1), { type: 'done', blocks: ALL.length, bytes: BYTES, bad: 0 })
})

test('blocks that come meanwhile disturb nothing', async () => {
  await using store = await filled()
  const putting = (async () => {
    for (let more = 0; more < 20; more++) await putAll(store, [leaf(`more ${more}`, 70_000)])
  })()
  const done = (await collect(scrub(store, { rateBytes: 20 * MiB, load: () => 0 }))).at(-1)
  await putting
  assert.ok(done?.type === 'done' && done.blocks >= ALL.length && done.bad === 0)
})

test('the throttle holds the rate, and stands still under load for a while', async () => {
  const loads = [9, 9, 0]
  const slow = createThrottle({ rateBytes: 100 * MiB, load: () => loads.shift() ?? 0, ...WAIT })
  const began = performance.now()
  await slow(MiB)
  assert.ok(performance.now() - began >= 1990, 'two looks at a busy machine')
  assert.is(loads.length, 0)
})

test('the next one is due about an interval after the last, and a clock that jumped does not put it off', () => {
  const day = 86_400_000
  const last = { startedAt: 0, endedAt: 1000 * day, blocks: 1, bytes: 1, bad: 0 }
  for (let tries = 0; tries < 100; tries++) {
    const due = plan({ repaired: 0, last }, 30 * day, 1001 * day)
    assert.ok(due >= 1027 * day && due <= 1033 * day)
    const fresh = plan({ repaired: 0 }, 30 * day, 0)
    assert.ok(fresh >= 0 && fresh <= day, 'the first one within a day')
    assert.ok(plan({ repaired: 0, last }, 30 * day, 10 * day) <= 43 * day, 'the clock was set back')
  }
})

test.run()
