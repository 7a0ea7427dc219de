import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pinStatements } from '../../src/pins/pins.ts'
import { walBytes } from '../../src/store/database/wal.ts'
import { repoPaths } from '../../src/store/paths.ts'
import { initRepo } from '../../src/store/repo.ts'
import { formatSize, MiB } from '../../src/units.ts'
import { folder } from '../pins/dags.ts'
import { freshPath, openAt } from '../store/support.ts'
import { FULL, say, stateOf, until } from './support.ts'

const WRITER = join(import.meta.dirname, 'wal-writer.ts')
const READER = join(import.meta.dirname, 'wal-reader.ts')
/** The small budget keeps the proportions: a limit of 64 MiB needs gigabytes of writes to be met often. */
const LIMIT = FULL ? 64 * MiB : 8 * MiB
const BYTES = FULL ? 3000 * MiB : 60 * MiB
/** The alarm is at four times the limit. */
const GROWN = LIMIT * 4 + 24 * MiB

interface Told {
  readonly commits: number
  readonly worstMs: number
  readonly warned: number
}

function start(file: string, ...args: string[]): ChildProcess {
  return fork(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}

async function end(child: ChildProcess): Promise<Told> {
  const told = once(child, 'message')
  child.send('stop')
  const [message] = (await told) as [Told]
  await once(child, 'exit')
  return message
}

async function withPins(): Promise<string> {
  const path = freshPath()
  await initRepo(path)
  const store = await openAt(path)
  for (let index = 0; index < 30; index++) {
    const dag = folder([`wal ${index} a`, `wal ${index} b`], 2000)
    await using operation = await store.begin('add')
    for (const block of dag.blocks) await operation.put(block)
    await operation.finish(pinStatements([dag.root], { mode: 'recursive', name: '' }))
  }
  await store[Symbol.asyncDispose]()
  return path
}

/** Watches the WAL until the writer has written so much; resolves with its greatest length. */
async function watch(path: string, commits: () => number): Promise<number> {
  let most = 0
  while (commits() < BYTES / (10 * 100_000)) {
    most = Math.max(most, walBytes(repoPaths(path).database))
    await setTimeout(5)
  }
  return most
}

test('the WAL stays short beside slow lists, checks and readers that never pause', async () => {
  const path = await withPins()
  const readers = Array.from({ length: 3 }, () => start(READER, path))
  await Promise.all(readers.map(child => once(child, 'message')))
  const writer = start(WRITER, path, String(LIMIT))
  const database = new DatabaseSync(repoPaths(path).database, { readOnly: true, timeout: 5000 })
  // Rows come under the same ids: what has been committed is told by the change counter of the file.
  const version = () => Number(database.prepare('PRAGMA data_version').get()?.data_version)
  let [seen, changes] = [version(), 0]
  const most = await watch(path, () => {
    const now = version()
    if (now !== seen) changes++
    seen = now
    return changes
  })
  database.close()
  const { commits, worstMs } = await end(writer)
  for (const child of readers) child.kill('SIGKILL')
  say(
    `WAL: ${commits} commits of 1 MB beside 3 readers (slow pin ls, reads, check): longest WAL ${formatSize(most)} at a limit of ${formatSize(LIMIT)}, worst commit ${Math.round(worstMs)} ms`,
  )
  assert.ok(most <= LIMIT * 2 + 4 * MiB, `a WAL of ${most} bytes`)
})

test('a stopped reader: the WAL is still written anew, and nobody waits for it', async () => {
  const path = await withPins()
  const reader = start(READER, path)
  await once(reader, 'message')
  let mostStopped = 0
  let rounds = 0
  const writer = start(WRITER, path, String(LIMIT))
  try {
    for (; rounds < (FULL ? 20 : 4); rounds++) {
      reader.kill('SIGSTOP')
      await until(() => stateOf(reader.pid) === 'T', 'the reader has stopped')
      const before = walBytes(repoPaths(path).database)
      for (let look = 0; look < 60; look++) {
        mostStopped = Math.max(mostStopped, walBytes(repoPaths(path).database))
        await setTimeout(5)
      }
      assert.ok(before >= 0)
      reader.kill('SIGCONT')
      await setTimeout(20)
    }
  } finally {
    reader.kill('SIGKILL')
  }
  const { commits, worstMs } = await end(writer)
  say(
    `WAL: a reader stopped ${rounds} times beside ${commits} commits of 1 MB: longest WAL ${formatSize(mostStopped)}, worst commit ${Math.round(worstMs)} ms`,
  )
  assert.ok(commits > rounds)
})

test('a reader that never ends its transaction: the WAL grows, the alarm says so, and writers go on', async () => {
  const path = await withPins()
  const database = new DatabaseSync(repoPaths(path).database, { readOnly: true, timeout: 5000 })
  database.exec('BEGIN')
  database.prepare('SELECT count(*) FROM blocks').get()
  const writer = start(WRITER, path, String(LIMIT))
  await until(() => walBytes(repoPaths(path).database) > GROWN, 'a WAL above the alarm', 4000)
  const grown = walBytes(repoPaths(path).database)
  database.exec('COMMIT')
  await until(() => walBytes(repoPaths(path).database) <= LIMIT + 8 * MiB, 'short again', 4000)
  database.close()
  const { commits, worstMs, warned } = await end(writer)
  say(
    `WAL: held by a foreign transaction to ${formatSize(grown)} over ${commits} commits, ${warned} alarms, worst commit ${Math.round(worstMs)} ms, below the limit again when it ended`,
  )
  assert.ok(warned > 0, 'the alarm was heard')
})

test.run()
