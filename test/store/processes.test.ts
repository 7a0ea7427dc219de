import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { packFile } from '../../src/store/paths.ts'
import { initRepo } from '../../src/store/repo.ts'
import type { Store } from '../../src/store/store.ts'
import { readRecord } from '../../src/store/write/record.ts'
import { KiB, MiB } from '../../src/units.ts'
import { assertBooks, assertReadable, freshPath, leaf, openAt, putAll } from './support.ts'

const CHILD = join(import.meta.dirname, 'writer-child.ts')

interface Writer {
  readonly child: ChildProcess
  readonly durable: number[]
  output: string
}

function startWriter(path: string, ...args: (string | number)[]): Writer {
  const child = spawn(process.execPath, [CHILD, path, ...args.map(String)], { stdio: ['ignore', 'pipe', 'pipe'] })
  const writer: Writer = { child, durable: [], output: '' }
  child.stderr?.on('data', chunk => {
    writer.output += chunk
  })
  child.stdout?.on('data', chunk => {
    writer.output += chunk
    writer.durable.splice(0)
    for (const [, batch] of writer.output.matchAll(/^durable (\d+)$/gm)) writer.durable.push(Number(batch))
  })
  return writer
}

async function ended({ child, output }: Writer, writer: Writer): Promise<void> {
  const [code, signal] =
    child.exitCode === null && child.signalCode === null
      ? await once(child, 'close')
      : [child.exitCode, child.signalCode]
  assert.is(code, 0, `${signal ?? ''} ${output} ${writer.output}`)
}

const finished = (writer: Writer): Promise<void> => ended(writer, writer)

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let turn = 0; turn < 600; turn++) {
    if (condition()) return
    await setTimeout(50)
  }
  assert.unreachable(`never: ${what}`)
}

const batch = (seed: string, index: number, perBatch: number, sizeBytes: number) =>
  Array.from({ length: perBatch }, (_, block) => leaf(`${seed}/${index}/${block}`, sizeBytes))

for (const [count, commit] of [
  [2, 'inline'],
  [4, 'worker'],
] as const) {
  test(`${count} processes write at once (${commit}), half of it the same: everything is readable, no lock error`, async () => {
    const path = freshPath()
    await initRepo(path)
    const writers = Array.from({ length: count }, (_, index) =>
      startWriter(path, commit, index % 2 ? 'shared' : `own ${index}`, 6, 40, 9 * KiB),
    )
    const store = await openAt(path)
    await putAll(store, batch('beside', 0, 20, 100 * KiB))
    await Promise.all(writers.map(finished))
    for (const seed of ['shared', 'own 0'])
      for (let index = 0; index < 6; index++) await assertReadable(store, batch(seed, index, 40, 9 * KiB))
    assertBooks(store)
    assert.is(store.database.get<{ n: number }>('SELECT count(*) AS n FROM leases')?.n, 1)
    await store[Symbol.asyncDispose]()
  })
}

test('kill -9 in the middle: what was acknowledged is there, and the pack of the dead is sealed', async () => {
  const path = freshPath()
  await initRepo(path)
  for (const [round, commit] of (['inline', 'worker'] as const).entries()) {
    const writer = startWriter(path, commit, `victim ${round}`, 1000, 30, 20 * KiB)
    await until(() => writer.durable.length >= 3, 'three batches')
    writer.child.kill('SIGKILL')
    await once(writer.child, 'close')
    const acknowledged = [...writer.durable]
    const store = await openAt(path)
    for (const index of acknowledged) await assertReadable(store, batch(`victim ${round}`, index, 30, 20 * KiB))
    const before = store.database.all<{ id: number; committed: number; sealed: number }>(
      'SELECT id, committed, sealed FROM packs',
    )
    assert.is(before.filter(({ sealed }) => sealed === 0).length, 1)
    await putAll(store, batch(`after ${round}`, 0, 30, 20 * KiB))
    for (const { id, committed } of before) {
      const now = store.database.get<{ committed: number; sealed: number; owner: number | null }>(
        'SELECT committed, sealed, owner FROM packs WHERE id = ?',
        id,
      )
      assert.equal({ ...now }, { committed, sealed: 1, owner: null }, 'nobody appends where a dead process wrote')
    }
    assertBooks(store)
    await store.database.transact(tx => tx.run('UPDATE packs SET sealed = 1'))
    await store[Symbol.asyncDispose]()
    const again = await openAt(path)
    assert.is(again.database.get<{ n: number }>('SELECT count(*) AS n FROM leases')?.n, 0)
    assert.is(again.database.get<{ n: number }>('SELECT count(*) AS n FROM operations WHERE finished IS NULL')?.n, 0)
    await again[Symbol.asyncDispose]()
  }
})

test('a stopped writer keeps its lease and its pack; when it goes on, all is well', async () => {
  const path = freshPath()
  await initRepo(path)
  const writer = startWriter(path, 'inline', 'stopped', 12, 30, 20 * KiB)
  await until(() => writer.durable.length >= 2, 'two batches')
  // Stopped by the store itself, which is never inside a transaction then.
  writer.child.kill('SIGTSTP')
  await until(() => stateOf(writer.child.pid) === 'T', 'stopped')
  const store = await openAt(path)
  await putAll(store, batch('meanwhile', 0, 30, 20 * KiB))
  const owners = store.database.all<{ owner: number | null; sealed: number }>(
    'SELECT owner, sealed FROM packs WHERE sealed = 0',
  )
  assert.is(new Set(owners.map(({ owner }) => owner)).size, 2, 'each has its own')
  assert.is(store.database.get<{ n: number }>('SELECT count(*) AS n FROM leases')?.n, 2)
  writer.child.kill('SIGCONT')
  await finished(writer)
  for (let index = 0; index < 12; index++) await assertReadable(store, batch('stopped', index, 30, 20 * KiB))
  await assertReadable(store, batch('meanwhile', 0, 30, 20 * KiB))
  assertBooks(store)
  await store[Symbol.asyncDispose]()
})

test('Ctrl-Z again and again in a bulk write, on the main thread and on the commit thread: others always get the mutex', async () => {
  if (process.platform !== 'linux') return
  const path = freshPath()
  await initRepo(path)
  const store = await openAt(path)
  for (const commit of ['inline', 'worker']) {
    const writer = startWriter(path, commit, `ctrl-z ${commit}`, 400, 20, 200)
    await until(() => writer.durable.length >= 1, 'a batch')
    for (let turn = 0; turn < 15 && writer.child.exitCode === null; turn++) {
      writer.child.kill('SIGTSTP')
      await until(
        () =>
          stateOf(writer.child.pid) !== 'R' && (stateOf(writer.child.pid) === 'T' || writer.child.exitCode !== null),
        'stopped',
      )
      // Fails with REPO_LOCKED after ten seconds if the stopped process holds the mutex.
      await store.write([{ sql: "UPDATE meta SET value = value WHERE key = 'epoch'", params: [] }])
      writer.child.kill('SIGCONT')
      await setTimeout(5 + turn)
    }
    await finished(writer)
  }
  await store[Symbol.asyncDispose]()
})

function stateOf(pid: number | undefined): string {
  try {
    return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? ''
  } catch {
    return ''
  }
}

test('packs: groups begin on a boundary, headers can be walked, a full pack is sealed, a released one is taken over', async () => {
  const path = freshPath()
  await initRepo(path)
  // The smallest packs: 16 MiB.
  const store = await openAt(path, { maxBytes: 1024 * MiB })
  const rounds = Array.from({ length: 6 }, (_, round) => batch('pack', round, 5, MiB - 1234))
  for (const blocks of rounds) await putAll(store, blocks)
  const packs = store.database.all<{ id: number; committed: number; sealed: number }>(
    'SELECT id, committed, sealed FROM packs ORDER BY id',
  )
  assert.equal(
    packs.map(({ sealed }) => sealed),
    [1, 0],
  )
  for (const { id, committed } of packs) {
    const image = readFileSync(packFile(path, id))
    assert.ok(image.byteLength >= committed)
    let records = 0
    let padding = 0
    for (let at = 0; at < committed; ) {
      const record = readRecord(image, at)
      assert.ok(record, `a record at ${at}`)
      if ('padEnd' in record) {
        assert.is(record.padEnd % 4096, 0)
        padding++
        at = record.padEnd
      } else {
        records++
        const row = store.database.get<{ at: number; crc: number }>(
          'SELECT at, crc FROM blocks WHERE mh = ?',
          record.mh,
        )
        assert.equal({ ...row }, { at: record.at, crc: record.crc })
        at = record.end
      }
    }
    assert.ok(records > 0 && padding > 0)
    assert.is(committed % 4096, 0)
  }
  assertBooks(store)
  await store[Symbol.asyncDispose]()
  const next = await openAt(path, { maxBytes: 1024 * MiB })
  await putAll(next, batch('next', 0, 5, 100 * KiB))
  assert.is(next.counters().packs, 2, 'the released pack was taken over')
  assert.ok(statSync(packFile(path, packs[1]!.id)).size > packs[1]!.committed)
  for (const blocks of rounds) await assertReadable(next, blocks)
  await next[Symbol.asyncDispose]()
})

test('the commit thread and the main thread write the same rows', async () => {
  const dump = async (commit: 'inline' | 'worker') => {
    const path = freshPath()
    await initRepo(path)
    const store = await openAt(path, { commit })
    await putAll(store, batch('same', 0, 30, 50 * KiB))
    await putAll(store, [...batch('same', 0, 40, 50 * KiB), leaf('one more', 3)])
    for (const { cid, bytes } of batch('cached', 0, 3, 100 * KiB)) await store.cache(cid, bytes)
    await store.write([])
    const rows = rowsOf(store)
    await store[Symbol.asyncDispose]()
    return rows
  }
  assert.equal(await dump('worker'), await dump('inline'))
})

const rowsOf = ({ database }: Store) => ({
  blocks: database
    .all('SELECT hex(mh) AS mh, size, crc, kept, links, pack, at, epoch FROM blocks ORDER BY mh')
    .map(row => ({ ...row })),
  packs: database.all('SELECT id, committed, live, sealed FROM packs').map(row => ({ ...row })),
  counters: database.all('SELECT * FROM counters').map(row => ({ ...row })),
})

test.run()
