import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isCairnError } from '../../src/errors.ts'
import { openDatabase } from '../../src/store/database/database.ts'
import { mountTypeOf, networkFilesystem } from '../../src/store/database/filesystem.ts'
import { isLockHeld, takeLock } from '../../src/store/database/kernel-lock.ts'
import { SCHEMA_VERSION } from '../../src/store/database/schema.ts'
import { setSchema } from '../support/schema.ts'

const folder = () => mkdtempSync(join(tmpdir(), 'cairn-db-'))
const code = (want: string) => (error: Error) => isCairnError(error) && error.code === want
const MODULE = (name: string) => JSON.stringify(join(import.meta.dirname, '../../src/store/database', name))

async function rejects(promise: Promise<unknown>, want: string): Promise<Error> {
  const error = await promise.then(
    () => undefined,
    cause => cause,
  )
  assert.ok(error instanceof Error, `expected ${want}`)
  assert.ok(code(want)(error), `expected ${want}, got ${error.stack}`)
  return error
}

test('a new database has the pragmas of the specification on every connection', () => {
  const file = join(folder(), 'cairn.db')
  for (let round = 0; round < 2; round++) {
    using database = openDatabase(file)
    const pragma = (name: string) => Object.values(database.get(`PRAGMA ${name}`) ?? {})[0]
    assert.is(pragma('page_size'), 4096)
    assert.is(pragma('auto_vacuum'), 2)
    assert.is(pragma('journal_mode'), 'wal')
    assert.is(pragma('synchronous'), 2)
    assert.is(pragma('busy_timeout'), 5000)
    assert.is(pragma('wal_autocheckpoint'), 1000)
    assert.is(pragma('user_version'), SCHEMA_VERSION)
  }
})

test('a transaction is all or nothing, and transactions of one process queue up', async () => {
  using database = openDatabase(join(folder(), 'cairn.db'))
  const put = (key: string) => database.transact(tx => tx.run('INSERT INTO meta VALUES (?, 1)', key))
  const failing = database.transact(tx => {
    tx.run("INSERT INTO meta VALUES ('lost', 1)")
    throw new Error('no')
  })
  const outcomes = await Promise.allSettled([put('a'), failing, put('b'), put('c')])
  assert.equal(
    outcomes.map(outcome => outcome.status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  )
  assert.equal(
    database.all("SELECT key FROM meta WHERE key IN ('a', 'b', 'c', 'lost') ORDER BY key").map(row => row.key),
    ['a', 'b', 'c'],
  )
})

test('a database of a newer schema is refused, at open and in the middle of a life', async () => {
  const file = join(folder(), 'cairn.db')
  using old = openDatabase(file)
  setSchema(file, SCHEMA_VERSION + 1)
  await rejects(
    old.transact(tx => tx.run('DELETE FROM meta')),
    'REPO_NEWER',
  )
  assert.ok((old.get<{ n: number }>('SELECT count(*) AS n FROM meta')?.n ?? 0) > 0)
  assert.throws(() => openDatabase(file), code('REPO_NEWER'))
})

test('a schema that the header alone tells of is damage: later, earlier, in the middle of a life', async () => {
  for (const version of [SCHEMA_VERSION + 1, SCHEMA_VERSION - 1, 0x10000002]) {
    const file = join(folder(), 'cairn.db')
    using old = openDatabase(file)
    const other = new DatabaseSync(file)
    other.exec(`PRAGMA user_version = ${version}`)
    other.close()
    if (version > SCHEMA_VERSION)
      await rejects(
        old.transact(tx => tx.run('DELETE FROM meta')),
        'REPO_DAMAGED',
      )
    assert.throws(() => openDatabase(file), code('REPO_DAMAGED'))
  }
})

test('a file that is not ours is refused', () => {
  const file = join(folder(), 'cairn.db')
  const other = new DatabaseSync(file)
  other.exec('CREATE TABLE theirs (x)')
  other.close()
  assert.throws(() => openDatabase(file), code('REPO_DAMAGED'))
  const text = join(folder(), 'cairn.db')
  writeFileSync(text, 'not a database, by a long way '.repeat(200))
  assert.throws(() => openDatabase(text), code('REPO_DAMAGED'))
})

test('a kernel lock excludes other processes and this one, and a kill frees it', async () => {
  const file = join(folder(), 'x.lock')
  const script = `import { takeLock } from ${MODULE('kernel-lock.ts')}
    const lock = takeLock(process.argv[1]); console.log(lock ? 'took' : 'held'); if (lock) setInterval(() => lock, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module-typescript', '-e', script, file], { stdio: 'pipe' })
  const [line] = await once(holder.stdout, 'data')
  assert.is(String(line).trim(), 'took')
  assert.ok(isLockHeld(file))
  assert.is(takeLock(file), undefined)
  const second = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script, file])
  assert.is(String(second.stdout).trim(), 'held')
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  assert.not(isLockHeld(file))
  const mine = takeLock(file)
  assert.ok(mine)
  assert.ok(isLockHeld(file), 'seen by the process that holds it, too')
  assert.is(takeLock(file), undefined)
  mine[Symbol.dispose]()
  assert.not(isLockHeld(file))
})

test('four processes write at once: no lock error, every row there, the WAL bounded', async () => {
  const file = join(folder(), 'cairn.db')
  openDatabase(file)[Symbol.dispose]()
  const script = `import { openDatabase } from ${MODULE('database.ts')}
    using db = openDatabase(process.argv[1], { waiting: process.argv[2] === '0' ? 'block' : 'timer', walLimitBytes: 1 << 20 })
    let worst = 0
    for (let i = 0; i < 60; i++) {
      const from = performance.now()
      await db.transact(tx => { for (let j = 0; j < 10; j++) tx.run('INSERT INTO data (bytes) VALUES (?)', new Uint8Array(8192)) })
      worst = Math.max(worst, performance.now() - from)
    }
    console.log(worst)`
  const writers = Array.from({ length: 4 }, async (_, index) => {
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script, file, String(index % 2)])
    let output = ''
    child.stdout.on('data', chunk => {
      output += chunk
    })
    child.stderr.on('data', chunk => {
      output += chunk
    })
    const [exit] = await once(child, 'close')
    assert.is(exit, 0, output)
    return Number(output)
  })
  using database = openDatabase(file)
  await Promise.all(writers)
  assert.is(database.get<{ n: number }>('SELECT count(*) AS n FROM data')?.n, 4 * 60 * 10)
  assert.ok(statSync(`${file}-wal`).size < 16 << 20)
})

test('a writer that waits too long names the process that holds the lock', async () => {
  const at = folder()
  using database = openDatabase(join(at, 'cairn.db'), { lockWaitMs: 50 })
  const holder = takeLock(join(at, 'write.lock'))
  assert.ok(holder)
  const error = await rejects(
    database.transact(() => 1),
    'REPO_LOCKED',
  )
  assert.match(error.message, process.platform === 'linux' ? `process ${process.pid} ` : 'process')
  holder[Symbol.dispose]()
  assert.is(await database.transact(() => 1), 1)
})

test('after a failed sync nothing is written any more, and reads go on', async () => {
  using database = openDatabase(join(folder(), 'cairn.db'))
  database.turnReadOnly(new Error('EIO'))
  assert.ok(database.readOnly)
  await rejects(
    database.transact(tx => tx.run('DELETE FROM meta')),
    'READ_ONLY',
  )
  assert.ok((database.get<{ n: number }>('SELECT count(*) AS n FROM meta')?.n ?? 0) > 0)
})

test('network file systems are told from local ones', () => {
  const never = () => assert.unreachable()
  assert.is(networkFilesystem(0x6969, never as () => string), 'NFS')
  assert.is(networkFilesystem(0xff534d42 | 0, never as () => string), 'CIFS')
  assert.is(networkFilesystem(0x01021997, never as () => string), '9p')
  assert.is(networkFilesystem(0xef53, never as () => string), undefined)
  assert.is(
    networkFilesystem(0x65735546, () => 'fuse.sshfs'),
    'fuse.sshfs',
  )
  assert.is(
    networkFilesystem(0x65735546, () => 'fuseblk'),
    undefined,
  )
  const at = folder()
  const mounts = `20 1 254:0 / / rw - ext4 /dev/vda rw\n21 20 0:44 / ${at} rw - fuse.sshfs host: rw\n`
  assert.is(mountTypeOf(at, mounts), 'fuse.sshfs')
  assert.is(mountTypeOf(tmpdir(), mounts), 'ext4')
})

test.run()
