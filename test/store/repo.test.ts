import { existsSync, mkdtempSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isCairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { openDatabase } from '../../src/store/database/database.ts'
import { checkRepoExists, holdDaemonLock, initRepo, repoExists } from '../../src/store/repo.ts'

const fresh = () => join(mkdtempSync(join(tmpdir(), 'cairn-repo-')), 'repo')
const code = (want: string) => (error: Error) => isCairnError(error) && error.code === want

test('init makes a private folder with everything in it, and is harmless when done again', async () => {
  const path = fresh()
  assert.not(repoExists(path))
  assert.throws(() => checkRepoExists(path), code('NO_REPO'))
  await initRepo(path)
  assert.ok(repoExists(path))
  assert.is(statSync(path).mode & 0o777, 0o700)
  for (const name of ['packs', 'blocks', 'leases', 'quarantine', 'backups'])
    assert.ok(existsSync(join(path, name)), name)
  const reserve = statSync(join(path, 'reserve'))
  assert.is(reserve.size, LIMITS.reserveBytes.value)
  assert.ok(reserve.blocks * 512 >= reserve.size, 'written, not sparse')
  using database = openDatabase(join(path, 'cairn.db'))
  await database.transact(tx => tx.run("UPDATE meta SET value = 7 WHERE key = 'epoch'"))
  await initRepo(path)
  assert.is(database.get("SELECT value FROM meta WHERE key = 'epoch'")?.value, 7)
})

test('one daemon: the second is refused and told the pid of the first', async () => {
  const path = fresh()
  assert.throws(() => holdDaemonLock(path), code('NO_REPO'))
  await initRepo(path)
  const lock = holdDaemonLock(path)
  assert.throws(
    () => holdDaemonLock(path),
    (error: Error) => code('REPO_LOCKED')(error) && error.message.includes(String(process.pid)),
  )
  lock[Symbol.dispose]()
  holdDaemonLock(path)[Symbol.dispose]()
})

test.run()
