import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { packFile } from '../../src/store/paths.ts'
import { initRepo } from '../../src/store/repo.ts'
import type { Store } from '../../src/store/store.ts'
import { KiB, MiB } from '../../src/units.ts'
import { findings, gc, pinsOf } from '../pins/support.ts'
import { assertBooks, assertReadable, bytesOf, openAt, WAIT } from '../store/support.ts'
import { addTrees, quickFolder, SMALL_PACKS, spaceOf, type Tree, treeOf } from './support.ts'

const FULL = Boolean(process.env.TEST_FULL)
const HISTORIES = FULL ? 60 : 4
const STEPS = FULL ? 80 : 40
const SEED = Number(process.env.PACKS_SEED ?? 20261124)
/** The pack that a living process appends to is left alone below this (`settle-packs.ts`). */
const OWNED_BYTES = 4 * MiB

const worst = { ratio: 0, heldBytes: 0, aliveBytes: 0, collections: 0, adds: 0, before: 0 }

function random(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 0x1_0000_0000) * below)
  }
}

/** After a collection no more is held than the threshold allows; only the packs of living writers may be emptier. */
function measure(store: Store): void {
  const { heldBytes, aliveBytes, owned } = spaceOf(store)
  worst.collections++
  // Groups are padded to 4 KiB: less than a tenth of what goes to a pack at all.
  const most = 2 * aliveBytes + owned * OWNED_BYTES
  assert.ok(heldBytes <= most, `${heldBytes} bytes are held for ${aliveBytes} alive, with ${owned} living writers`)
  const held = heldBytes - Math.min(heldBytes, owned * OWNED_BYTES)
  if (aliveBytes < MiB || held / aliveBytes <= worst.ratio) return
  Object.assign(worst, { ratio: held / aliveBytes, heldBytes, aliveBytes })
}

async function history(path: string, seed: number): Promise<void> {
  const next = random(seed)
  await initRepo(path)
  const stores = [await openAt(path, SMALL_PACKS), await openAt(path, SMALL_PACKS)]
  const pinned: Tree[] = []
  try {
    for (let step = 0; step < STEPS; step++) {
      const at = next(2)
      const store = stores[at] as Store
      const what = next(10)
      if (what < 5) {
        const tree = treeOf(`${seed}/${step}`, 10 + next(90), (4 + next(28)) * KiB)
        await addTrees(store, [tree])
        pinned.push(tree)
        worst.adds++
      } else if (what < 8 && pinned.length > 0) {
        const [tree] = pinned.splice(next(pinned.length), 1) as [Tree]
        await pinsOf(store).rm(tree.root, WAIT)
      } else if (what === 8) {
        const { heldBytes, aliveBytes } = spaceOf(store)
        worst.before = Math.max(worst.before, heldBytes / Math.max(aliveBytes, MiB))
        await gc(store)
        measure(store)
      } else {
        await store[Symbol.asyncDispose]()
        stores[at] = await openAt(path, SMALL_PACKS)
      }
    }
    for (const { blocks } of pinned) await assertReadable(stores[0] as Store, blocks)
  } finally {
    for (const store of stores) await store[Symbol.asyncDispose]()
  }
  // Nobody lives any more: the threshold alone counts.
  const store = await openAt(path, SMALL_PACKS)
  await gc(store)
  measure(store)
  assertBooks(store)
  assert.equal(await findings(store), [])
  for (const { blocks } of pinned) await assertReadable(store, blocks)
  await store[Symbol.asyncDispose]()
}

test('space held for space alive stays below the threshold over random adds, unpins, collections and restarts', async () => {
  for (let index = 0; index < HISTORIES; index++) {
    using folder = quickFolder('packs-space')
    await history(join(folder.path, 'repo'), SEED + index)
  }
  const mib = (bytes: number) => `${(bytes / MiB).toFixed(1)} MiB`
  console.log(
    `\n» packs: ${HISTORIES} histories, ${worst.adds} adds, ${worst.collections} collections: worst ${worst.ratio.toFixed(2)} held ÷ alive after one (${mib(worst.heldBytes)} ÷ ${mib(worst.aliveBytes)}; bound 2), seed ${SEED}`,
  )
})

test('what a killed writer had appended and not committed is given back once it is more than the threshold allows', async () => {
  using folder = quickFolder('packs-tail')
  const path = join(folder.path, 'repo')
  await initRepo(path)
  const tree = treeOf('tail', 700, 24 * KiB)
  {
    await using store = await openAt(path, SMALL_PACKS)
    await addTrees(store, [tree])
  }
  await using store = await openAt(path, SMALL_PACKS)
  const [full] = store.database.all<{ id: number; committed: number; sealed: number }>(
    'SELECT id, committed, sealed FROM packs ORDER BY id',
  )
  assert.ok(full !== undefined && full.sealed === 1 && full.committed >= 16 * MiB)
  appendFileSync(packFile(path, full.id), bytesOf('never committed', 24 * MiB))
  const before = spaceOf(store)
  assert.ok(before.heldBytes > 2 * before.aliveBytes)
  await gc(store)
  const after = spaceOf(store)
  assert.ok(after.heldBytes <= 1.1 * after.aliveBytes, `${after.heldBytes} bytes held for ${after.aliveBytes}`)
  await assertReadable(store, tree.blocks)
  assertBooks(store)
  assert.equal(await findings(store), [])
})

test.run()
