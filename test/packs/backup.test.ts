import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { collectGarbage } from '../../src/pins/gc.ts'
import { backUpRepo } from '../../src/store/backup/backup.ts'
import { restoreRepo } from '../../src/store/backup/restore.ts'
import type { Store } from '../../src/store/store.ts'
import { gatedStore, type Standing, Stepper } from '../model/stepper.ts'
import { findings, gc } from '../pins/support.ts'
import { assertBooks, assertReadable, openAt, WAIT } from '../store/support.ts'
import { quickFolder, SMALL_PACKS, spaceOf, sparseRepo, type Tree } from './support.ts'

const FULL = Boolean(process.env.TEST_FULL)

async function assertRestores(folder: string, path: string, kept: Tree): Promise<void> {
  for await (const _ of restoreRepo({ folder, path, ...WAIT }));
  const store = await openAt(path, SMALL_PACKS)
  try {
    await assertReadable(store, kept.blocks)
    assertBooks(store)
    const errors = (await findings(store)).filter(found => found.startsWith('error'))
    assert.equal(errors, [])
    await gc(store)
    await assertReadable(store, kept.blocks)
  } finally {
    await store[Symbol.asyncDispose]()
    rmSync(path, { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A collection that stands at this gate, and what lets it go on to its end; undefined if it has fewer. */
async function standingAt(store: Store, gate: number): Promise<(() => Promise<Standing>) | undefined> {
  const stepper = new Stepper()
  let standing = await stepper.start(async () => {
    for await (const { type } of collectGarbage(gatedStore(store, stepper), { graceMs: 0, ...WAIT }))
      await stepper.gate(type)
  })
  for (let passed = 1; passed < gate && 'at' in standing; passed++) standing = await stepper.next()
  if ('at' in standing) return () => stepper.finish()
  if (!standing.ok) throw standing.error
  return undefined
}

test('a backup at every gate of a compaction, and a compaction in the midst of a backup: each restores clean', async () => {
  using folder = quickFolder('packs-backup')
  const [template, path, copy, back] = ['template', 'repo', 'copy', 'back'].map(name => join(folder.path, name)) as [
    string,
    string,
    string,
    string,
  ]
  const { kept } = await sparseRepo(template, 120)
  const fresh = async () => {
    rmSync(path, { recursive: true, force: true })
    cpSync(template, path, { recursive: true })
    return openAt(path, SMALL_PACKS)
  }
  let [atGates, across] = [0, 0]
  for (let gate = 1; ; gate += FULL ? 1 : 4) {
    await using store = await fresh()
    await using other = await openAt(path, SMALL_PACKS)
    const goOn = await standingAt(store, gate)
    if (goOn === undefined) break
    for await (const _ of backUpRepo({ store: other, folder: copy, verify: true, ...WAIT }));
    const ended = await goOn()
    assert.ok('ok' in ended && ended.ok, `the collection ends well: ${JSON.stringify(ended)}`)
    await assertRestores(copy, back, kept)
    atGates++
  }
  assert.ok(atGates >= 3, `${atGates} gates`)
  for (let stop = 1; ; stop++) {
    await using store = await fresh()
    await using other = await openAt(path, SMALL_PACKS)
    const backup = backUpRepo({ store: other, folder: copy, verify: true, ...WAIT })
    let ended = false
    for (let event = 0; event < stop && !ended; event++) ended = (await backup.next()).done === true
    if (ended) break
    await gc(store)
    for await (const _ of backup);
    await assertRestores(copy, back, kept)
    // What it held back goes with the next one.
    await gc(store)
    const { heldBytes, aliveBytes } = spaceOf(store)
    assert.ok(heldBytes <= 2 * aliveBytes, `${heldBytes} bytes held for ${aliveBytes}`)
    assertBooks(store)
    across++
    if (!FULL && across >= 4) break
  }
  console.log(
    `\n» packs: backups at ${atGates} gates of a compaction, compactions at ${across} points of a backup: all restored clean`,
  )
})

test.run()
