import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkRepo } from '../../src/store/check/check.ts'
import { SCHEMA_VERSION } from '../../src/store/database/schema.ts'
import { repoPaths } from '../../src/store/paths.ts'
import { cairn, cairnOk, startDaemon, temporaryFolder } from '../support/cairn.ts'
import { openAt, WAIT } from './support.ts'

const FIXTURE = join(import.meta.dirname, '../fixtures/repo-v1/repo.tar.gz')
const CHILD = join(import.meta.dirname, 'open-child.ts')
const CIDS = [
  'bafybeidajfgv3xkwuvztcvoxtn2ccscp2sfuwlhd3hlbnovyvkcdnd4i7e',
  'bafkreibangtxayv5qgdv2p3ngm4hzojxkbjtljwya4jmwr2otfdvmty44a',
  'bafkreifkp5ttoqrnay3codnx2ajequuz2h4l62ur7cmmgwcupe6nm63bky',
  'bafkreigwfxaiqgegyl5crppquiq6rmjkw6wmiesj7tqosyhf6mhicpn2jm',
  'bafkreiecbqxyoijdwa43xeveotpmkvv7n3vskhfqima2n4fpr2exirt3ya',
]
const BLOCKS = 20
const PINS = ['', '', 'pinned by a process that was killed']
/** What writes, of all that the opening thread calls. */
const SYSCALLS = ['pwrite64', 'fdatasync', 'fsync', 'ftruncate', 'unlink', 'openat']
const work = temporaryFolder('migrate')
const count = { points: 0, hit: 0, opened: 0 }

function unpack(name: string): string {
  const path = join(work, name)
  mkdirSync(path)
  assert.is(spawnSync('tar', ['xzf', FIXTURE, '-C', path]).status, 0)
  return path
}

/** All that the fixture held is there, by the check and by the bytes. */
async function assertWhole(path: string): Promise<void> {
  await using store = await openAt(path)
  assert.is(store.database.get<{ user_version: number }>('PRAGMA user_version')?.user_version, SCHEMA_VERSION)
  const errors: string[] = []
  let blocks = 0
  for await (const event of checkRepo({ path, store, readData: true, ...WAIT })) {
    if (event.type === 'finding' && event.finding.severity === 'error') errors.push(event.finding.what)
    if (event.type === 'done') blocks = event.blocks
  }
  assert.equal(errors, [])
  assert.is(blocks, BLOCKS)
  for (const cid of CIDS) assert.ok((await store.get(CID.parse(cid), WAIT)).byteLength > 0)
  const pins = store.database.all<{ name: string; status: number }>('SELECT name, status FROM pins ORDER BY id')
  assert.equal(
    pins.map(({ name }) => name),
    PINS,
  )
  assert.ok(pins.every(({ status }) => status === 2))
  assert.is(store.database.all("SELECT 1 FROM roots WHERE kind = 'mfs'").length, 1)
}

test('a repository of schema 1 becomes one of this schema, with all that was in it', async () => {
  const path = unpack('plain')
  await assertWhole(path)
  await assertWhole(path)
  assert.is(await cairnOk(['cat', CIDS[1] ?? ''], { repo: path }), 'small and inline')
  assert.match(await cairnOk(['add', '-Q'], { repo: path, input: 'new\n' }), /^bafk/)
})

/** How often the opening of a fresh copy calls each of them. */
function countCalls(path: string): Map<string, number> {
  const trace = `${path}.trace`
  const ran = spawnSync('strace', ['-e', `trace=${SYSCALLS.join(',')}`, '-o', trace, process.execPath, CHILD, path])
  assert.is(ran.status, 0, String(ran.stderr))
  const calls = new Map<string, number>()
  for (const line of readFileSync(trace, 'utf8').split('\n')) {
    const name = line.slice(0, line.indexOf('('))
    if (name === 'openat' && !line.includes(`"${path}/cairn.db`)) continue
    if (SYSCALLS.includes(name)) calls.set(name, (calls.get(name) ?? 0) + 1)
  }
  return calls
}

/** Files are opened by the hundred before the database is: only those in the repository matter. */
const pathFilter = (name: string, path: string): string[] =>
  name === 'openat' ? ['-P', `${path}/cairn.db`, '-P', `${path}/cairn.db-wal`, '-P', `${path}/cairn.db-shm`] : []

test('killed before any call that writes, it is whole at the next opening', async () => {
  if (spawnSync('strace', ['-V']).error !== undefined) {
    console.log('\n» migration: strace is not here, no kill points')
    return
  }
  const calls = countCalls(unpack('count'))
  const step = process.env.TEST_FULL ? 1 : 4
  const points = [...calls].flatMap(([name, n]) => Array.from({ length: n }, (_, i) => ({ name, when: i + 1 })))
  count.points = points.length
  const fresh = unpack('fresh')
  for (const { name, when } of points.filter((_, i) => i % step === 0)) {
    const path = join(work, `killed-${name}-${when}`)
    cpSync(fresh, path, { recursive: true })
    const inject = `inject=${name}:signal=SIGKILL:when=${when}`
    const args = [...pathFilter(name, path), '-e', `trace=${name}`, '-e', inject, '-o', '/dev/null']
    const { signal } = spawnSync('strace', [...args, process.execPath, CHILD, path])
    if (signal === 'SIGKILL') count.hit++
    await assertWhole(path)
    rmSync(path, { recursive: true })
  }
  assert.ok(count.hit > 0)
})

test('eight processes that open it at once leave it whole, and none of them fails', async () => {
  const path = unpack('at-once')
  const children = Array.from({ length: 8 }, () => spawn(process.execPath, [CHILD, path], { stdio: 'inherit' }))
  for (const [code] of await Promise.all(children.map(child => once(child, 'exit')))) {
    assert.is(code, 0)
    count.opened++
  }
  await assertWhole(path)
})

function makeNewer(path: string, program: string): void {
  const database = new DatabaseSync(repoPaths(path).database)
  database.exec(`UPDATE upkeep SET value = '${program}' WHERE key = 'program'; PRAGMA user_version = 99`)
  database.close()
}

test('a newer repository is refused with what to run, also by a daemon that is running', async () => {
  const path = unpack('newer')
  const daemon = await startDaemon({ repo: path })
  const ended = once(daemon.child, 'exit')
  makeNewer(path, '9.8.7')
  assert.is((await ended)[0], 10)
  assert.match(daemon.log(), /9\.8\.7 or later.*git pull && npm ci/)
  const { code, stderr } = await cairn(['pin', 'ls'], { repo: path })
  assert.is(code, 10)
  assert.match(stderr, /has schema 99.*9\.8\.7 or later.*git pull && npm ci/s)
})

test.after(() => {
  const { points, hit, opened } = count
  console.log(
    `\n» migration: ${hit} kill points hit of ${points} counted, ${opened} of 8 concurrent openings, ${BLOCKS} blocks and ${PINS.length} pins whole after each`,
  )
})

test.run()
