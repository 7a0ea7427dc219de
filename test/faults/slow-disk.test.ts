import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isCairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { openDatabase } from '../../src/store/database/database.ts'
import { repoPaths } from '../../src/store/paths.ts'
import { initRepo } from '../../src/store/repo.ts'
import { formatSize, MiB } from '../../src/units.ts'
import { whyNoStrace } from '../crash/strace.ts'
import { freshPath } from '../store/support.ts'
import { cairn, cairnOk, temporaryFolder } from '../support/cairn.ts'
import { randomBytes } from '../support/files.ts'
import { startUnderStrace } from './inject.ts'
import { FULL, residentBytes, say, skipped } from './support.ts'

const why = whyNoStrace()
if (why !== undefined) skipped(why)
const BYTES = (FULL ? 400 : 48) * MiB
/** Each sync of a pack takes so long: a disk of 30 to 60 MB/s that is busy with something else. */
const DELAY_US = 150_000

/** The process that strace runs. */
const childOf = (pid: number | undefined): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])

async function firstLine(child: ChildProcess): Promise<string> {
  let seen = ''
  for await (const chunk of child.stdout ?? []) {
    seen += chunk
    if (seen.includes('\n')) return seen.slice(0, seen.indexOf('\n'))
  }
  throw new Error('the daemon ended before it was ready')
}

;(why === undefined ? test : test.skip)(
  'a slow disk holds back who sends, not memory, and others write meanwhile',
  async () => {
    const repo = join(temporaryFolder('slow'), 'repo')
    await cairnOk(['init'], { repo })
    const strace = ['-f', '-qq', '-o', '/dev/null', '-P', join(repo, 'packs', '1.pack')]
    const inject = ['-e', 'trace=fdatasync', '-e', `inject=fdatasync:delay_enter=${DELAY_US}`]
    const flags = ['--json', '--mode', 'offline', '--gateway', '127.0.0.1:0', '--api', '127.0.0.1:0']
    const child = startUnderStrace([...strace, ...inject], ['daemon', ...flags], { CAIRN_REPO: repo })
    const { api } = JSON.parse(await firstLine(child)) as { api: string }
    const pid = childOf(child.pid)
    const idle = residentBytes(pid)
    let [most, running, others] = [0, true, 0]
    const watching = (async () => {
      for (; running; await setTimeout(20)) most = Math.max(most, residentBytes(pid))
    })()
    const beside = (async () => {
      for (; running; others++) await cairnOk(['add', '-Q'], { repo, input: `beside ${others}` })
    })()
    try {
      const form = new FormData()
      form.append('file', new Blob([Uint8Array.from(randomBytes(8)(BYTES))]), 'file')
      const answer = await fetch(`${api}/api/v0/add`, { method: 'POST', body: form })
      const said = await answer.text()
      assert.ok(answer.ok && said.includes('"Hash"'), said)
    } finally {
      running = false
      await Promise.all([watching, beside])
      const closed = once(child, 'close')
      await fetch(`${api}/api/v0/shutdown`, { method: 'POST' })
      await closed
    }
    assert.is((await cairn(['repo', 'check'], { repo })).code, 0)
    say(
      `slow disk: ${formatSize(BYTES)} sent to a daemon whose syncs take ${DELAY_US / 1000} ms more: memory ${formatSize(idle)} idle, ${formatSize(most)} at most; ${others} adds of other processes went through meanwhile`,
    )
    // Three groups on their way and the pool of images, whatever was sent.
    assert.ok(most - idle < 220 * MiB, `grew by ${formatSize(most - idle)}`)
    assert.ok(others > 0)
  },
)

const HOLDER = `import { DatabaseSync } from 'node:sqlite'
const lock = new DatabaseSync(process.argv[1]); lock.exec('BEGIN EXCLUSIVE'); console.log('held'); setInterval(() => {}, 1000)`

test('who waits for the mutex of a stopped process is told which one it is', async () => {
  const path = freshPath()
  await initRepo(path)
  const file = join(path, 'write.lock')
  const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  holder.kill('SIGSTOP')
  // The wait itself is the limit's; the small budget shortens it.
  const lockWaitMs = FULL ? LIMITS.lockWaitMs.value : 400
  const database = openDatabase(repoPaths(path).database, { lockWaitMs })
  const startedAt = performance.now()
  const error = await database.transact(tx => tx.run('DELETE FROM data WHERE id < 0')).catch(cause => cause)
  const waitedMs = performance.now() - startedAt
  assert.ok(isCairnError(error, 'REPO_LOCKED'), String(error))
  assert.match(error.message, `process ${holder.pid}`)
  assert.match(error.hint, `kill -CONT ${holder.pid}`)
  assert.ok(waitedMs >= lockWaitMs)
  const gone = once(holder, 'exit')
  holder.kill('SIGKILL')
  await gone
  await database.transact(tx => tx.run('DELETE FROM data WHERE id < 0'))
  database[Symbol.dispose]()
  say(
    `slow disk: the mutex of a stopped process: refused after ${Math.round(waitedMs / 100) / 10} s with its number and what to do, free when it was gone`,
  )
})

test.run()
