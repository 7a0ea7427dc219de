import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configSchema } from '../../src/config/schema.ts'
import { openNode } from '../../src/node/open.ts'
import { SILENT } from '../../src/observe/log.ts'
import { backUpDaily } from '../../src/store/backup/daily.ts'
import { initRepo } from '../../src/store/repo.ts'
import { findings } from '../pins/support.ts'
import { assertBooks, freshPath, openAt, WAIT } from '../store/support.ts'
import { FULL, say } from './support.ts'

const CHILD = join(import.meta.dirname, 'lock-child.ts')
const PROCESSES = 8
const DURATION_MS = FULL ? 60_000 : 2500

interface Told {
  readonly acknowledged: readonly string[]
  readonly opens: number
  readonly busy: number
  readonly reads: number
}

async function hammer(path: string, seed: string, durationMs: number): Promise<Told> {
  const child = fork(CHILD, [path, seed, String(durationMs)], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
  let stderr = ''
  child.stderr?.on('data', chunk => {
    stderr += chunk
  })
  let told: Told | undefined
  child.on('message', message => {
    told = message as Told
  })
  const [code] = await once(child, 'exit')
  assert.is(code, 0, stderr)
  return told as Told
}

test(`${PROCESSES} processes open, read, write and close: none meets BUSY, no commit is lost`, async () => {
  const path = freshPath()
  await initRepo(path)
  const told = await Promise.all(
    Array.from({ length: PROCESSES }, (_, index) => hammer(path, `process ${index}`, DURATION_MS)),
  )
  const sum = (key: 'opens' | 'busy' | 'reads') => told.reduce((total, each) => total + each[key], 0)
  const acknowledged = told.flatMap(each => each.acknowledged)
  const store = await openAt(path)
  let lost = 0
  for (const text of acknowledged) if (!store.has(CID.parse(text))) lost++
  for (const text of acknowledged.slice(-50)) await store.get(CID.parse(text), WAIT)
  assertBooks(store)
  assert.equal(await findings(store), [])
  await store[Symbol.asyncDispose]()
  say(
    `locks: ${PROCESSES} processes, ${DURATION_MS / 1000} s, ${sum('opens')} times opened and closed, ${sum('reads')} reads, ${acknowledged.length} commits acknowledged, ${lost} lost, ${sum('busy')} BUSY`,
  )
  assert.is(lost, 0)
  assert.is(sum('busy'), 0)
  assert.ok(acknowledged.length > PROCESSES)
})

test('backups and checks in a daemon beside processes that close: no commit is lost', async () => {
  const path = freshPath()
  const config = configSchema.parse({ mode: 'offline' })
  const node = await openNode({
    repo: path,
    config,
    log: SILENT,
    role: 'daemon',
    network: 'never',
    createIfMissing: true,
  })
  let [checks, backups, copies] = [0, 0, 0]
  let running = true
  const closers = Promise.all(
    Array.from({ length: 3 }, (_, index) => hammer(path, `beside ${index}`, DURATION_MS / 2)),
  ).finally(() => {
    running = false
  })
  closers.catch(() => undefined)
  do {
    for await (const event of node.repo.check({ ...WAIT, readData: true }))
      assert.ok(event.type !== 'finding' || event.finding.severity === 'note', JSON.stringify(event))
    checks++
    const made = await backUpDaily({ store: node.store, log: SILENT, now: true, ...WAIT })
    if (made !== undefined) backups++
    node.store.database.connection.exec(`VACUUM INTO '${join(path, '..', `copy-${copies++}.db`)}'`)
  } while (running)
  const acknowledged = (await closers).flatMap(told => told.acknowledged)
  const lost = acknowledged.filter(text => !node.store.has(CID.parse(text))).length
  for (const text of acknowledged) await node.store.get(CID.parse(text), WAIT)
  await node[Symbol.asyncDispose]()
  const store = await openAt(path)
  assertBooks(store)
  assert.equal(await findings(store), [])
  assert.is(store.database.get('PRAGMA integrity_check')?.integrity_check, 'ok')
  await store[Symbol.asyncDispose]()
  say(
    `locks: ${checks} checks, ${backups} backups and ${copies} copies by VACUUM INTO in a daemon beside ${acknowledged.length} commits of processes that open and close: ${lost} lost`,
  )
  assert.is(lost, 0)
  assert.ok(acknowledged.length > 2)
})

test.run()
