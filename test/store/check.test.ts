import { fork } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkRepo } from '../../src/store/check/check.ts'
import { recount, recountAtOnce } from '../../src/store/check/recount.ts'
import { packFile } from '../../src/store/paths.ts'
import { collect, findings } from '../pins/support.ts'
import { CACHED, FILE, filled, flip, INLINE, mhOf, PACKED, placeOf, sql } from './check-support.ts'
import { leaf, openAt, putAll, WAIT } from './support.ts'

test('a healthy repository: nothing is found, everything is read', async () => {
  await using store = await filled()
  const places = [FILE, CACHED, PACKED.blocks[0]!, INLINE.blocks[0]!].map(block => placeOf(store, mhOf(block)).pack)
  assert.equal(places, [-1, -1, 1, 0], 'it has all kinds of places')
  const events = await collect(checkRepo({ path: store.path, store, readData: true, ...WAIT }))
  const blocks = [FILE, CACHED, ...PACKED.blocks, ...INLINE.blocks]
  assert.equal(events.at(-1), {
    type: 'done',
    errors: 0,
    notes: 0,
    repaired: 0,
    left: 0,
    blocks: blocks.length,
    bytesRead: blocks.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
  })
  const [without] = (await collect(checkRepo({ path: store.path, store, ...WAIT }))).slice(-1)
  assert.ok(without?.type === 'done' && without.bytesRead === 0 && without.errors === 0)
  assert.ok(events.some(event => event.type === 'progress' && event.stage === 'blocks' && event.done === blocks.length))
})

const packed = PACKED.blocks[3]!

test('a check changes nothing: what it found bad is still there', async () => {
  await using store = await filled()
  flip(packFile(store.path, 1), placeOf(store, mhOf(packed)).at)
  const before = placeOf(store, mhOf(packed))
  assert.equal(await findings(store), ['error bad-hash'])
  assert.equal(await findings(store), ['error bad-hash'])
  assert.equal(placeOf(store, mhOf(packed)), before)
})

test('a block that was quarantined is told until it is whole again', async () => {
  await using store = await filled()
  flip(packFile(store.path, 1), placeOf(store, mhOf(packed)).at)
  await store.get(packed.cid, WAIT).catch(() => undefined)
  const found = await findings(store)
  assert.ok(found.includes('error quarantined') && found.includes('error incomplete-pin'), found.join(', '))
  await putAll(store, [packed])
  assert.equal(await findings(store), ['note quarantine'])
})

test('a database that SQLite cannot read is a finding', async () => {
  const store = await filled()
  await sql(store, 'CREATE TABLE victim (a)')
  await sql(store, 'INSERT INTO victim SELECT zeroblob(5000)')
  const { rootpage } = store.database.get<{ rootpage: number }>(
    "SELECT rootpage FROM sqlite_schema WHERE name = 'victim'",
  )!
  store.database.connection.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  await store[Symbol.asyncDispose]()
  flip(join(store.path, 'cairn.db'), (rootpage - 1) * 4096)
  await using again = await openAt(store.path)
  assert.ok((await findings(again)).includes('error bad-database'))
})

test('beside a process that adds, unpins and collects all the time, nothing is found that is not so', async () => {
  await using store = await filled()
  const writer = fork(join(import.meta.dirname, 'busy-writer.ts'), [store.path])
  let rounds = 0
  writer.on('message', message => {
    rounds = Number(message)
  })
  const ended = new Promise<number | null>(resolve => writer.once('exit', resolve))
  for (let checks = 0; (checks < 12 || rounds < 10) && checks < 400; checks++) {
    // What waits to be unlinked is told while it waits, rightly so.
    const found = (await findings(store)).filter(kind => kind !== 'note dead-places')
    assert.equal(found, [], `check ${checks}, round ${rounds}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  assert.ok(rounds >= 10, `${rounds} rounds`)
  writer.send('stop')
  assert.is(await ended, 0)
  assert.equal(await findings(store), [])
})

test('a recount of a large repository, page by page, comes to the same, and says when it was disturbed', async () => {
  await using store = await filled()
  const calm = await recount(store.database, () => undefined)
  assert.equal(calm, recountAtOnce(store.database))
  let disturbed = false
  const outcome = await recount(store.database, async () => {
    if (!disturbed) await putAll(store, [leaf('meanwhile')])
    disturbed = true
  })
  assert.is(outcome, undefined)
})

test('a cancelled check stops', async () => {
  await using store = await filled()
  const abort = new AbortController()
  abort.abort(new Error('enough'))
  const error = await findings(store, { signal: abort.signal }).catch(cause => cause)
  assert.is(error.message, 'enough')
})

test.run()
