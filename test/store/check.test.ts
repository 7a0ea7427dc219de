import { fork } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pinStatements } from '../../src/pins/pins.ts'
import { checkRepo } from '../../src/store/check.ts'
import { BlockFiles } from '../../src/store/files.ts'
import { packFile } from '../../src/store/paths.ts'
import { recount, recountAtOnce } from '../../src/store/recount.ts'
import type { Store } from '../../src/store/store.ts'
import { folder } from '../pins/dags.ts'
import { collect, findings, pinsOf } from '../pins/support.ts'
import { freshStore, leaf, openAt, putAll, WAIT } from './support.ts'

const FILE = leaf('a single large block', 200_000)
const CACHED = leaf('a cached block', 200_000)
const PACKED = folder(['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7', 'p8', 'p9', 'p10'], 10_000)
const INLINE = folder(['i1', 'i2'], 100)

/** One block and more in each kind of place, all of them rooted; closed and opened again. */
async function filled(): Promise<Store> {
  const store = await freshStore()
  await putAll(store, [FILE])
  await store.cache(CACHED.cid, CACHED.bytes)
  for (const { blocks, root } of [PACKED, INLINE]) {
    await using operation = await store.begin('add')
    for (const block of blocks) await operation.put(block)
    await operation.finish(pinStatements([root], { mode: 'recursive', name: '' }))
  }
  await pinsOf(store).add(FILE.cid, WAIT)
  await store[Symbol.asyncDispose]()
  return openAt(store.path)
}

interface Place {
  readonly pack: number
  readonly at: number
}

const placeOf = (store: Store, mh: Uint8Array): Place =>
  store.database.get<Place>('SELECT pack, at FROM blocks WHERE mh = ?', mh)!
const mhOf = (block: { cid: typeof FILE.cid }) => block.cid.multihash.bytes
const fileOf = (store: Store, mh: Uint8Array) => new BlockFiles(store.path).fileOf(mh)
const sql = (store: Store, text: string, ...params: (string | number | Uint8Array)[]) =>
  store.database.transact(tx => tx.run(text, ...params))

function flip(file: string, at: number): void {
  const fd = openSync(file, 'r+')
  writeSync(fd, Buffer.from([0xa5, 0x5a, 0xa5]), 0, 3, at)
  closeSync(fd)
}

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
    blocks: blocks.length,
    bytesRead: blocks.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
  })
  const [without] = (await collect(checkRepo({ path: store.path, store, ...WAIT }))).slice(-1)
  assert.ok(without?.type === 'done' && without.bytesRead === 0 && without.errors === 0)
  assert.ok(events.some(event => event.type === 'progress' && event.stage === 'blocks' && event.done === blocks.length))
})

interface Damage {
  readonly name: string
  readonly does: (store: Store) => unknown
  readonly found: readonly string[]
  /** Found without reading the data too. */
  readonly cheap: boolean
}

const packed = PACKED.blocks[3]!
const inline = INLINE.blocks[0]!

const DAMAGES: readonly Damage[] = [
  {
    name: 'a flipped byte in a block of a pack',
    does: store => flip(packFile(store.path, 1), placeOf(store, mhOf(packed)).at + 77),
    found: ['error bad-hash'],
    cheap: false,
  },
  {
    name: 'a flipped byte in the header of a record',
    does: store => flip(packFile(store.path, 1), placeOf(store, mhOf(packed)).at - 20),
    found: ['error bad-header'],
    cheap: true,
  },
  {
    name: 'bytes and CRC changed together, as no disk does it',
    does: store =>
      sql(store, 'UPDATE data SET bytes = zeroblob(length(bytes)) WHERE id = ?', placeOf(store, mhOf(inline)).at).then(
        () => sql(store, 'UPDATE blocks SET crc = ? WHERE mh = ?', 3_723_442_018, mhOf(inline)),
      ),
    found: ['error bad-hash'],
    cheap: false,
  },
  {
    name: 'a pack cut short',
    does: store => truncateSync(packFile(store.path, 1), placeOf(store, mhOf(packed)).at + 10),
    found: ['error short-pack'],
    cheap: true,
  },
  {
    name: 'a pack removed',
    does: store => rmSync(packFile(store.path, 1)),
    found: ['error missing-pack', ...PACKED.blocks.slice(0, 10).map(() => 'error missing-bytes')],
    cheap: true,
  },
  {
    name: 'the row of a pack removed',
    does: store => sql(store, 'DELETE FROM packs'),
    found: ['error missing-bytes', 'error orphan-pack', 'error wrong-counter'],
    cheap: true,
  },
  {
    name: 'a row that points behind the committed end',
    does: store => sql(store, 'UPDATE blocks SET at = at + 1000000 WHERE mh = ?', mhOf(packed)),
    found: ['error missing-bytes'],
    cheap: true,
  },
  {
    name: 'the file of a block removed',
    does: store => rmSync(fileOf(store, mhOf(FILE))),
    found: ['error missing-bytes'],
    cheap: true,
  },
  {
    name: 'the file of a block emptied',
    does: store => truncateSync(fileOf(store, mhOf(FILE))),
    found: ['error wrong-size'],
    cheap: true,
  },
  {
    name: 'the file of a cached block emptied, as a power cut does it',
    does: store => truncateSync(fileOf(store, mhOf(CACHED))),
    found: ['note wrong-size'],
    cheap: true,
  },
  {
    name: 'inline bytes removed',
    does: store => sql(store, 'DELETE FROM data WHERE id = ?', placeOf(store, mhOf(inline)).at),
    found: ['error missing-bytes'],
    cheap: true,
  },
  {
    name: 'inline bytes without a row',
    does: store => sql(store, 'INSERT INTO data (bytes) VALUES (zeroblob(10))'),
    found: ['error orphan-data'],
    cheap: true,
  },
  {
    name: 'a wrong counter',
    does: store => sql(store, "UPDATE counters SET value = value + 1 WHERE name = 'inline_bytes'"),
    found: ['error wrong-counter'],
    cheap: true,
  },
  {
    name: 'wrong living bytes of a pack',
    does: store => sql(store, 'UPDATE packs SET live = live - 1'),
    found: ['error wrong-counter'],
    cheap: true,
  },
  {
    name: 'a file without a row',
    does: store => {
      const file = fileOf(store, mhOf(leaf('orphan')))
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, 'x')
    },
    found: ['note orphan-file'],
    cheap: true,
  },
  {
    name: 'a file that Cairn did not make',
    does: store => writeFileSync(join(dirname(fileOf(store, mhOf(FILE))), 'README'), 'x'),
    found: ['note unknown-file'],
    cheap: true,
  },
  {
    name: 'a temporary file of a process that has died',
    does: store => writeFileSync(join(dirname(fileOf(store, mhOf(FILE))), '.999-1.tmp'), 'x'),
    found: ['note temporary-file'],
    cheap: true,
  },
  {
    name: 'a pack without a row',
    does: store => writeFileSync(packFile(store.path, 99), 'x'),
    found: ['error orphan-pack'],
    cheap: true,
  },
  {
    name: 'a tail behind the committed end of a pack, as a kill before the commit leaves it',
    does: store => writeFileSync(packFile(store.path, 1), 'half a group', { flag: 'a' }),
    found: ['note pack-tail'],
    cheap: true,
  },
  {
    name: 'a pack and a lease of a dead process',
    does: store =>
      sql(store, 'INSERT INTO leases (id, pid, started) VALUES (77, 1, 0)').then(() =>
        sql(store, 'UPDATE packs SET owner = 77'),
      ),
    found: ['note dead-lease', 'note unsealed-pack'],
    cheap: true,
  },
  {
    name: 'a pack that waits to be unlinked, its file gone already',
    does: async store => {
      await sql(store, 'INSERT INTO packs (id, committed, sealed) VALUES (50, 4096, 1)')
      await sql(store, "UPDATE counters SET value = value + 4096 WHERE name = 'pack_bytes'")
      await sql(store, 'INSERT INTO dead (pack, size) VALUES (50, 4096)')
    },
    found: ['note dead-places'],
    cheap: true,
  },
  {
    name: 'a leaf missing under a complete pin',
    does: store => store.remove(inline.cid, WAIT),
    found: ['error incomplete-pin'],
    cheap: true,
  },
  {
    name: 'a node missing under a complete pin',
    does: store => store.remove(INLINE.root, WAIT),
    found: ['error incomplete-pin'],
    cheap: true,
  },
  {
    name: 'a block under a complete pin that is only cached',
    does: store => sql(store, 'UPDATE blocks SET kept = 0 WHERE mh = ?', mhOf(packed)),
    found: ['error incomplete-pin'],
    cheap: true,
  },
  {
    name: 'a node missing under the file tree',
    does: store => sql(store, "INSERT INTO roots VALUES ('mfs', '/', ?)", folder(['nowhere']).root.bytes),
    found: ['error incomplete-pin'],
    cheap: true,
  },
  {
    name: 'a pin that was being made when its process died',
    does: store =>
      sql(
        store,
        'INSERT INTO pins (mh, cid, mode, created, status) VALUES (?, ?, 1, 0, 1)',
        INLINE.root.multihash.bytes,
        INLINE.root.bytes,
      ),
    found: ['note unfinished-pin'],
    cheap: true,
  },
  {
    name: 'a pin without a CID',
    does: store => sql(store, "INSERT INTO pins (mh, cid, mode, created, status) VALUES (x'00', x'00', 1, 0, 2)"),
    found: ['error bad-pin'],
    cheap: true,
  },
]

for (const { name, does, found, cheap } of DAMAGES) {
  test(`found: ${name}`, async () => {
    await using store = await filled()
    await does(store)
    const all = await findings(store)
    const kinds = (list: readonly string[]) => [...new Set(list)].sort()
    // A loss shows at the block and, under a pin, there as well: what was planted must be told, and nothing of another kind.
    const follows = ['error incomplete-pin', 'error missing-bytes', 'error wrong-counter', 'error bad-header']
    assert.ok(
      found.every(kind => all.includes(kind)),
      `found ${all.join(', ') || 'nothing'}`,
    )
    assert.equal(
      kinds(all).filter(kind => !found.includes(kind) && !follows.includes(kind)),
      [],
    )
    const cheaply = await findings(store, { readData: false })
    assert.is(
      found.some(kind => cheaply.includes(kind)),
      cheap,
    )
  })
}

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
