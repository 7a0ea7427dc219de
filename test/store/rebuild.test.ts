import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NewBlock } from '../../src/block/source.ts'
import { SILENT } from '../../src/observe/log.ts'
import { pinStatements } from '../../src/pins/pins.ts'
import { backUpDaily } from '../../src/store/backup/daily.ts'
import { checkRepo } from '../../src/store/check/check.ts'
import { packFile, repoPaths } from '../../src/store/paths.ts'
import { isDatabaseBroken } from '../../src/store/rebuild/damage.ts'
import { NewIndex } from '../../src/store/rebuild/new-index.ts'
import { type RebuildEvent, type RebuildResult, rebuildIndex } from '../../src/store/rebuild/rebuild.ts'
import type { Store } from '../../src/store/store.ts'
import { folder } from '../pins/dags.ts'
import { CACHED, FILE, filled, flip, INLINE, PACKED } from './check-support.ts'
import { assertReadable, freshPath, leaf, openAt, putAll, rejects, WAIT } from './support.ts'

const ALL: readonly NewBlock[] = [FILE, ...PACKED.blocks, ...INLINE.blocks]

async function rebuild(path: string): Promise<RebuildResult & { notes: string[] }> {
  const notes: string[] = []
  let result: RebuildResult | undefined
  for await (const event of rebuildIndex({ path, log: SILENT, ...WAIT })) {
    if (event.type === 'note') notes.push(event.what)
    if (event.type === 'done') result = event
  }
  assert.ok(result !== undefined, 'it ends with a result')
  return { ...result, notes }
}

async function closed(store: Store): Promise<string> {
  await store[Symbol.asyncDispose]()
  return store.path
}

/** Errors of a full check; notes are allowed. */
async function errorsOf(store: Store): Promise<string[]> {
  const errors: string[] = []
  for await (const event of checkRepo({ path: store.path, store, readData: true, ...WAIT }))
    if (event.type === 'finding' && event.finding.severity === 'error') errors.push(event.finding.what)
  return errors
}

async function assertSound(path: string, blocks: readonly NewBlock[], pins: number): Promise<void> {
  await using store = await openAt(path)
  assert.equal(await errorsOf(store), [])
  await assertReadable(store, blocks)
  assert.is(store.database.get<{ n: number }>('SELECT count(*) AS n FROM pins')?.n, pins)
}

const daily = (store: Store) => backUpDaily({ store, log: SILENT, now: true, ...WAIT })

test('a rebuild of a sound repository loses nothing, and keeps the old database', async () => {
  const path = await closed(await filled())
  const result = await rebuild(path)
  assert.is(result.oldDatabase, 'whole')
  assert.is(result.pins, 3)
  assert.equal(result.notes, [])
  assert.ok(existsSync(repoPaths(result.keptIn ?? '').database))
  assert.not(existsSync(repoPaths(path).rebuilt))
  await assertSound(path, [...ALL, CACHED], 3)
})

test('with the database gone, everything of before the daily backup comes back', async () => {
  const store = await filled()
  await daily(store)
  const path = await closed(store)
  for (const end of ['', '-wal', '-shm']) rmSync(`${repoPaths(path).database}${end}`, { force: true })
  const result = await rebuild(path)
  assert.is(result.oldDatabase, 'lost')
  assert.ok(result.backupMadeAt !== undefined)
  assert.is(result.brokenPins, 0)
  await assertSound(path, ALL, 3)
})

test('with the database gone and never a daily backup, packs and files come back', async () => {
  const path = await closed(await filled())
  for (const end of ['', '-wal', '-shm']) rmSync(`${repoPaths(path).database}${end}`, { force: true })
  const result = await rebuild(path)
  assert.is(result.pins, 0)
  assert.ok(result.notes.some(note => note.includes('no daily backup')))
  await assertSound(path, [FILE, ...PACKED.blocks.filter(({ hasLinks }) => !hasLinks)], 0)
})

/** Zeros in the place of these pages. */
function zero(file: string, fromPage: number, pages: number): void {
  const fd = openSync(file, 'r+')
  writeSync(fd, Buffer.alloc(4096 * pages), 0, 4096 * pages, fromPage * 4096)
  closeSync(fd)
}

test('with the head of the database zeroed, inline blocks are read from its pages', async () => {
  const store = await filled()
  const more = folder(['a', 'b', 'c', 'd'], 9000)
  await putAll(store, more.blocks)
  const path = await closed(store)
  zero(repoPaths(path).database, 0, 1)
  const result = await rebuild(path)
  assert.is(result.oldDatabase, 'lost')
  await assertSound(path, [...ALL, ...more.blocks], 0)
})

test('each page of the database zeroed in its turn: no block is lost that lies elsewhere', async () => {
  const store = await filled()
  const many = Array.from({ length: 60 }, (_, i) => folder([`${i}a`, `${i}b`], 300))
  for (const { blocks, root } of many) {
    await using operation = await store.begin('add')
    for (const block of blocks) await operation.put(block)
    await operation.finish(pinStatements([root], { mode: 'recursive', name: '' }))
  }
  await daily(store)
  const path = await closed(store)
  const { database } = repoPaths(path)
  const whole = readFileSync(database)
  const pages = whole.byteLength / 4096
  const step = process.env.TEST_FULL ? 1 : Math.ceil(pages / 12)
  let [damaged, recovered] = [0, 0]
  for (let page = 0; page < pages; page += step) {
    const fd = openSync(database, 'w')
    writeSync(fd, whole)
    closeSync(fd)
    zero(database, page, 1)
    const result = await rebuild(path)
    await assertSound(path, [...ALL, ...many.flatMap(({ blocks }) => blocks)], 63)
    assert.is(result.brokenPins, 0)
    damaged++
    recovered += result.blocks
    rmSync(result.keptIn ?? '', { recursive: true, force: true })
  }
  console.log(
    `\n» rebuild: ${damaged} of ${pages} pages of a database zeroed one by one, ${recovered} records found, blocks lost 0, pins lost 0`,
  )
})

test('dirty tails, garbled headers and torn sectors of packs cost no other record', async () => {
  const store = await filled()
  await daily(store)
  const path = await closed(store)
  const [pack = ''] = readdirSync(repoPaths(path).packs)
  const file = packFile(path, Number.parseInt(pack, 10))
  // A header in the middle, and bytes of another record.
  flip(file, 4)
  flip(file, 35_000)
  const size = statSync(file).size
  const fd = openSync(file, 'a')
  writeSync(fd, readFileSync(file).subarray(0, 25_000))
  closeSync(fd)
  for (const end of ['', '-wal', '-shm']) rmSync(`${repoPaths(path).database}${end}`, { force: true })
  const result = await rebuild(path)
  assert.ok(statSync(file).size > size)
  assert.ok(result.garbledBytes > 0)
  assert.is(result.packRecords >= 9, true, `${result.packRecords} records`)
  assert.is(result.brokenPins, 1)
  await using again = await openAt(path)
  assert.equal(await errorsOf(again), [])
})

test('a rebuild that was killed while it put the new database in place is ended by the next one, and by nothing else', async () => {
  for (const isMoved of [false, true]) {
    const path = await closed(await filled())
    const { database, rebuilt, rebuildMark } = repoPaths(path)
    const index = new NewIndex(rebuilt)
    index.settle()
    index.close()
    writeFileSync(rebuildMark, 'damaged-then')
    if (isMoved) renameSync(repoPaths(rebuilt).database, database)
    await rejects(openAt(path), 'REPO_DAMAGED')
    const notes: string[] = []
    for await (const event of rebuildIndex({ path, log: SILENT, ...WAIT }))
      if (event.type === 'note') notes.push(event.what)
    assert.match(notes.join(), /interrupted/)
    assert.not(existsSync(rebuilt))
    assert.is(existsSync(repoPaths(join(path, 'damaged-then')).database), !isMoved)
    await using store = await openAt(path)
    assert.is(store.counters().blocks, 0)
  }
})

test('what is forbidden does not come back', async () => {
  const path = await closed(await filled())
  const mh = Buffer.from(FILE.cid.multihash.bytes)
  const events: RebuildEvent[] = []
  const isForbidden = (found: Uint8Array) => mh.equals(found)
  for await (const event of rebuildIndex({ path, log: SILENT, isForbidden, ...WAIT })) events.push(event)
  await using store = await openAt(path)
  assert.is(store.has(FILE.cid), false)
})

test('a repository that is open elsewhere, or being replaced, is not touched', async () => {
  const store = await filled()
  await using operation = await store.begin('put')
  await operation.put(leaf('x'))
  await rejects(rebuild(store.path), 'REPO_LOCKED')
})

test('a folder with packs and without a database, or with an empty one, is not made a new repository', async () => {
  const path = await closed(await filled())
  const { initRepo } = await import('../../src/store/repo.ts')
  for (const end of ['', '-wal', '-shm']) rmSync(`${repoPaths(path).database}${end}`, { force: true })
  for (const loses of [() => {}, () => writeFileSync(repoPaths(path).database, '')]) {
    loses()
    await rejects(initRepo(path), 'REPO_DAMAGED')
    await rejects(openAt(path), 'REPO_DAMAGED')
    assert.ok(isDatabaseBroken(path))
  }
  await rebuild(path)
  await using store = await openAt(path)
  await assertReadable(store, [FILE, ...PACKED.blocks.filter(({ hasLinks }) => hasLinks === false)])
  await rejects(openAt(freshPath()), 'NO_REPO')
})

test.run()
