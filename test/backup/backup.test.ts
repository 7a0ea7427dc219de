import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NewBlock } from '../../src/block/source.ts'
import { SILENT } from '../../src/observe/log.ts'
import { collectGarbage } from '../../src/pins/gc.ts'
import { pinStatements } from '../../src/pins/pins.ts'
import { type BackupResult, backUpRepo, verifyBackup } from '../../src/store/backup/backup.ts'
import { type RestoreResult, restoreRepo } from '../../src/store/backup/restore.ts'
import { checkRepo } from '../../src/store/check/check.ts'
import { packFile, repoPaths } from '../../src/store/paths.ts'
import type { Store } from '../../src/store/store.ts'
import { MiB } from '../../src/units.ts'
import { folder } from '../pins/dags.ts'
import { CACHED, FILE, filled, flip, INLINE, PACKED } from '../store/check-support.ts'
import { assertReadable, freshPath, leaf, openAt, putAll, rejects, WAIT } from '../store/support.ts'
import { temporaryFolder } from '../support/cairn.ts'

const ALL: readonly NewBlock[] = [FILE, ...PACKED.blocks, ...INLINE.blocks]
const count = { backups: 0, restored: 0, kills: 0 }

const target = (): string => join(temporaryFolder('backup'), 'copy')

async function last<T extends { type: string }>(events: AsyncIterable<T>): Promise<Extract<T, { type: 'done' }>> {
  for await (const event of events) if (event.type === 'done') return event as Extract<T, { type: 'done' }>
  throw new Error('it ended without a result')
}

async function backUp(store: Store, to: string, verify = false): Promise<BackupResult> {
  count.backups++
  return last(backUpRepo({ store, folder: to, verify, ...WAIT }))
}

/** Restores it somewhere and looks at everything. */
async function assertRestores(from: string, blocks: readonly NewBlock[], pins: number): Promise<RestoreResult> {
  const path = freshPath()
  const result = await last(restoreRepo({ folder: from, path, ...WAIT }))
  assert.is(result.pins, pins)
  await using store = await openAt(path)
  const findings: string[] = []
  for await (const event of checkRepo({ path, store, readData: true, ...WAIT }))
    if (event.type === 'finding') findings.push(event.finding.what)
  assert.equal(findings, [])
  await assertReadable(store, blocks)
  count.restored++
  return result
}

test('a backup restores as it was, but for the cache', async () => {
  await using store = await filled()
  const to = target()
  const result = await backUp(store, to, true)
  assert.is(result.verified, ALL.length)
  assert.is(result.blocks, ALL.length)
  await assertRestores(to, ALL, 3)
  assert.is(store.has(CACHED.cid), true)
})

test('a second backup copies only what is new, and prunes what is gone', async () => {
  await using store = await filled()
  const to = target()
  const first = await backUp(store, to)
  assert.is(first.skippedBytes, 0)
  const same = await backUp(store, to)
  assert.is(same.copiedFiles, 0)
  const more = folder(['n1', 'n2', 'n3'], 90_000)
  await putAll(store, more.blocks)
  const second = await backUp(store, to, true)
  assert.is(second.copiedFiles, 1)
  assert.ok(second.copiedBytes < 300_000 + 130_000, `${second.copiedBytes}`)
  assert.equal(
    readdirSync(to).filter(name => name.startsWith('index')),
    ['index-3.db'],
  )
  await assertRestores(to, [...ALL, ...more.blocks], 3)
})

test('a backup beside writers and a collection with compaction restores clean', async () => {
  await using store = await filled()
  await using other = await openAt(store.path, { graceMs: 0 })
  const kept = folder(['k1', 'k2', 'k3'], 30_000)
  for (let i = 0; i < 8; i++)
    await putAll(
      store,
      Array.from({ length: 30 }, (_, j) => leaf(`dead ${i} ${j}`, 30_000)),
    )
  {
    await using operation = await store.begin('add')
    for (const block of kept.blocks) await operation.put(block)
    await operation.finish(pinStatements([kept.root], { mode: 'recursive', name: '' }))
  }
  const to = target()
  let stop = false
  const busy = (async () => {
    for (let i = 0; !stop; i++) {
      await putAll(store, [leaf(`busy ${i}`, 100_000), leaf(`busy too ${i}`, 100_000)])
      for await (const _ of collectGarbage(other, { graceMs: 0, compactBelow: 0.99, log: SILENT, ...WAIT }));
    }
  })()
  for (let i = 0; i < 4; i++) {
    await backUp(store, to, true)
    await assertRestores(to, [...ALL, ...kept.blocks], 4)
  }
  stop = true
  await busy
})

test('a folder of something else, or of another repository, is refused', async () => {
  await using store = await filled()
  await using other = await filled()
  const to = target()
  mkdirSync(to, { recursive: true })
  writeFileSync(join(to, 'thesis.txt'), 'x')
  await rejects(backUp(store, to), 'FORBIDDEN')
  const copy = target()
  await backUp(store, copy)
  await rejects(backUp(other, copy), 'FORBIDDEN')
  await rejects(last(restoreRepo({ folder: copy, path: to, ...WAIT })), 'FORBIDDEN')
  await rejects(last(restoreRepo({ folder: copy, path: store.path, ...WAIT })), 'FORBIDDEN')
  await rejects(last(restoreRepo({ folder: to, path: freshPath(), ...WAIT })), 'NOT_FOUND')
})

test('damage to a backup is found by --verify and by restore; --salvage takes the rest', async () => {
  await using store = await filled()
  const to = target()
  await backUp(store, to)
  const [pack = ''] = readdirSync(repoPaths(to).packs)
  flip(packFile(to, Number.parseInt(pack, 10)), 35_000)
  const verify = async () => {
    for await (const _ of verifyBackup(to, WAIT));
  }
  await rejects(verify(), 'CORRUPT_BLOCK')
  const path = freshPath()
  await rejects(last(restoreRepo({ folder: to, path, ...WAIT })), 'CORRUPT_BLOCK')
  await rejects(openAt(path), 'REPO_DAMAGED')
  const result = await last(restoreRepo({ folder: to, path, salvage: true, ...WAIT }))
  assert.is(result.badBlocks, 1)
  assert.is(result.brokenPins, 1)
  await using restored = await openAt(path)
  await assertReadable(restored, [FILE, ...INLINE.blocks])
  await rejects(backUp(store, to, true), 'CORRUPT_BLOCK')
  assert.is((await backUp(store, to, true)).copiedFiles, 1)
  const [index = ''] = readdirSync(to).filter(name => name.startsWith('index-'))
  flip(join(to, index), 9000)
  await rejects(last(restoreRepo({ folder: to, path: freshPath(), ...WAIT })), 'CORRUPT_BLOCK')
})

test('a backup and a restore that are given up at any step are gone on with', async () => {
  await using store = await filled()
  const to = target()
  for (let steps = 1; ; steps++) {
    let seen = 0
    let ended = false
    for await (const event of backUpRepo({ store, folder: to, ...WAIT })) {
      if (event.type === 'done') ended = true
      else if (++seen === steps) break
    }
    if (ended) break
    count.kills++
  }
  assert.is(store.database.get<{ n: number }>("SELECT count(*) AS n FROM operations WHERE kind = 'backup'")?.n, 0)
  const path = freshPath()
  for (let steps = 1; ; steps++) {
    let seen = 0
    let ended = false
    for await (const event of restoreRepo({ folder: to, path, ...WAIT })) {
      if (event.type === 'done') ended = true
      else if (++seen === steps) break
    }
    if (ended) break
    assert.not(existsSync(repoPaths(path).database))
    count.kills++
  }
  await using restored = await openAt(path)
  await assertReadable(restored, ALL)
})

test('what a backup holds is unlinked by the collection after it', async () => {
  await using store = await filled()
  const to = target()
  rmSync(repoPaths(store.path).reserve, { force: true })
  await backUp(store, to)
  assert.is(statSync(join(to, 'cairn-backup.json')).mode & 0o077, 0)
  assert.ok(store.counters().diskBytes < 64 * MiB)
})

test.after(() => {
  const { backups, restored, kills } = count
  console.log(
    `\n» backup: ${backups} backups, ${restored} restored and checked in full, ${kills} given up half-way, 0 blocks lost`,
  )
})

test.run()
