import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SILENT } from '../../src/observe/log.ts'
import { backUpDaily, isBackupDue } from '../../src/store/backup/daily.ts'
import {
  listDailyBackups,
  readDailyRows,
  verifyDailyBackup,
  writeDailyBackup,
} from '../../src/store/backup/daily-file.ts'
import { listInlineLogs } from '../../src/store/backup/inline-log.ts'
import { repoPaths } from '../../src/store/paths.ts'
import { rebuildIndex } from '../../src/store/rebuild/rebuild.ts'
import type { Store } from '../../src/store/store.ts'
import { folder } from '../pins/dags.ts'
import { pinsOf } from '../pins/support.ts'
import { filled, flip, INLINE, PACKED } from '../store/check-support.ts'
import { assertReadable, freshStore, openAt, putAll, WAIT } from '../store/support.ts'
import { cairnOk } from '../support/cairn.ts'

const DAY_MS = 86_400_000
const daily = (store: Store) => backUpDaily({ store, log: SILENT, now: true, ...WAIT })
const olderBackup = (store: Store, nowMs: number) =>
  writeDailyBackup({ path: store.path, database: store.database, files: {}, nowMs, ...WAIT })

test('a daily backup holds every policy row, and says whether it is whole', async () => {
  await using store = await filled()
  writeFileSync(join(store.path, 'identity.key'), 'a key')
  const file = (await daily(store)) ?? ''
  assert.is(statSync(file).mode & 0o077, 0)
  const content = await verifyDailyBackup(file, WAIT)
  assert.equal(Object.keys(content?.files ?? {}), ['identity.key'])
  const tables = new Map<string, number>()
  for await (const { table } of readDailyRows(file, WAIT)) tables.set(table, (tables.get(table) ?? 0) + 1)
  assert.is(tables.get('pins'), 3)
  assert.ok(tables.has('meta') && tables.has('sqlite_sequence'))
  assert.not(tables.has('blocks'))
  const bytes = readFileSync(file)
  let refused = 0
  for (let at = 0; at < bytes.byteLength; at += 7) {
    const bad = Buffer.from(bytes)
    bad[at] = (bad[at] ?? 0) ^ 0x10
    writeFileSync(file, bad)
    // The head of gzip has bytes that mean nothing: whatever is accepted is right.
    if ((await verifyDailyBackup(file, WAIT)) === undefined) refused++
  }
  assert.ok(refused > bytes.byteLength / 8)
  writeFileSync(file, bytes.subarray(0, -5))
  assert.is(await verifyDailyBackup(file, WAIT), undefined)
})

test('it is due once a day, whatever the clock did; the last seven are kept', async () => {
  await using store = await filled()
  const now = Date.now()
  assert.ok(isBackupDue(store.path))
  for (let day = 9; day > 0; day--) await olderBackup(store, now - day * DAY_MS)
  assert.ok(isBackupDue(store.path))
  assert.ok(await backUpDaily({ store, log: SILENT, ...WAIT }))
  assert.is(listDailyBackups(store.path).length, 7)
  assert.not(isBackupDue(store.path))
  assert.is(await backUpDaily({ store, log: SILENT, ...WAIT }), undefined)
  assert.ok(isBackupDue(store.path, now + 10 * 365 * DAY_MS))
  assert.ok(isBackupDue(store.path, now - 10 * 365 * DAY_MS))
})

test('inner nodes are appended once, written anew when most are dead, and counted for store.max', async () => {
  await using store = await filled()
  const before = store.counters().diskBytes
  await daily(store)
  const [log = ''] = listInlineLogs(store.path)
  const size = statSync(log).size
  assert.ok(store.counters().diskBytes >= before + size)
  await daily(store)
  assert.is(statSync(log).size, size)
  const more = Array.from({ length: 200 }, (_, i) => folder([`${i}`], 40_000))
  for (const { blocks } of more) await putAll(store, blocks)
  await daily(store)
  assert.ok(statSync(log).size > size)
  for (const { blocks } of more) for (const { cid } of blocks) await store.remove(cid, WAIT)
  await daily(store)
  assert.equal(
    listInlineLogs(store.path).map(file => file.slice(file.lastIndexOf('/') + 1)),
    ['inline-2.pack'],
  )
  assert.is(readdirSync(repoPaths(store.path).backups).filter(name => name.endsWith('.tmp')).length, 0)
})

test('without room in store.max the pins are backed up all the same', async () => {
  await using store = await freshStore({ maxBytes: 64 * 1024 * 1024 })
  for (let i = 0; i < 20; i++) await putAll(store, folder([`${i}`], 40_000).blocks)
  const { path } = store
  await store[Symbol.asyncDispose]()
  await using tight = await openAt(path, { maxBytes: 1024 * 1024 })
  const file = (await daily(tight)) ?? ''
  assert.ok((await verifyDailyBackup(file, WAIT)) !== undefined)
})

test('a damaged daily backup is passed over for an older one, and lost keys come back', async () => {
  const store = await filled()
  writeFileSync(join(store.path, 'identity.key'), 'a key')
  const old = (await daily(store)) ?? ''
  await pinsOf(store).rm(INLINE.root, WAIT)
  const newer = await olderBackup(store, Date.now() + 5_000)
  flip(newer, 40)
  const { path } = store
  await store[Symbol.asyncDispose]()
  for (const end of ['', '-wal', '-shm']) rmSync(`${repoPaths(path).database}${end}`, { force: true })
  rmSync(join(path, 'identity.key'))
  const notes: string[] = []
  for await (const event of rebuildIndex({ path, log: SILENT, ...WAIT }))
    if (event.type === 'note') notes.push(event.what)
  assert.ok(notes.some(note => note.includes(newer)))
  assert.ok(notes.some(note => note.includes('identity.key')))
  assert.ok(!notes.some(note => note.includes(old)))
  await using again = await openAt(path)
  assert.is(again.database.get<{ n: number }>('SELECT count(*) AS n FROM pins')?.n, 3)
  await assertReadable(again, [...PACKED.blocks, ...INLINE.blocks])
})

test('gc and repo check keep it for those who never run a daemon; a small add does not pay for it', async () => {
  await using store = await freshStore()
  const repo = store.path
  await cairnOk(['add', '-Q'], { repo, input: 'hello\n' })
  assert.is(listDailyBackups(repo).length, 0)
  await cairnOk(['gc', '--dry-run'], { repo })
  assert.is(listDailyBackups(repo).length, 0)
  await cairnOk(['gc'], { repo })
  assert.is(listDailyBackups(repo).length, 1)
  const [first] = listDailyBackups(repo)
  utimesSync(first?.file ?? '', 0, 0)
  await cairnOk(['repo', 'check'], { repo })
  assert.is(listDailyBackups(repo).length, 1)
})

test.run()
