import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configSchema } from '../../src/config/schema.ts'
import { ChoreThread } from '../../src/node/chores.ts'
import { type LocalNode, openNode } from '../../src/node/open.ts'
import { roomTask } from '../../src/node/room-task.ts'
import { startUpkeep } from '../../src/node/upkeep.ts'
import { SILENT } from '../../src/observe/log.ts'
import type { Store } from '../../src/store/store.ts'
import { MiB } from '../../src/units.ts'
import { healthy } from '../pins/support.ts'
import { assertReadable, freshPath, leaf, putAll, rejects, WAIT } from '../store/support.ts'

const MAX = 96 * MiB
const configOf = (highWater: number) =>
  configSchema.parse({
    mode: 'offline',
    store: { grace: '0s', max: `${MAX}`, highWater, lowWater: 60, gcPace: 100 },
  })

/** Without the task of its own, so that each test starts it when it has prepared everything. */
const open = () =>
  openNode({
    repo: freshPath(),
    config: configOf(0),
    log: SILENT,
    role: 'daemon',
    network: 'never',
    createIfMissing: true,
  })

/** The task, looking without a pause, as long as the result lives. */
function task(node: LocalNode): AsyncDisposable {
  const { store } = node
  const chores = new ChoreThread({ path: store.path, maxBytes: MAX, verify: 'crc', graceMs: 0, log: SILENT })
  const upkeep = startUpkeep([roomTask({ checkMs: 1 })], {
    node,
    store,
    chores,
    deny: node.deny,
    config: configOf(70),
    log: SILENT,
  })
  return {
    async [Symbol.asyncDispose]() {
      await upkeep[Symbol.asyncDispose]()
      await chores[Symbol.asyncDispose]()
    },
  }
}

const bulk = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => leaf(`${prefix} ${index}`, MiB))
const percent = (store: Store) => (store.counters().diskBytes / MAX) * 100

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setTimeout(resolve, 5))
}

test('above the high mark the oldest garbage goes, down to the low mark, and what is pinned stays', async () => {
  await using node = await open()
  const { store } = node
  const kept = bulk('kept', 8)
  await putAll(store, kept)
  for (const { cid } of kept) await node.pins.add(cid, WAIT)
  const rounds = Array.from({ length: 6 }, (_, index) => bulk(`round ${index}`, 8))
  for (const blocks of rounds) await putAll(store, blocks)
  assert.ok(percent(store) > 70)
  await using _ = task(node)
  await until(() => percent(store) <= 70)
  await assertReadable(store, [...kept, ...rounds.at(-1)!])
  assert.not(store.has(rounds[0]![0]!.cid))
  await healthy(store)
})

test('the cache goes first', async () => {
  await using node = await open()
  const { store } = node
  const garbage = bulk('garbage', 8)
  await putAll(store, garbage)
  const cached = bulk('cached', 44)
  for (const { cid, bytes } of cached) {
    await store.cache(cid, bytes)
    await putAll(store, [leaf('written after it')])
  }
  assert.ok(percent(store) > 70)
  await using _ = task(node)
  await until(() => percent(store) <= 62)
  await assertReadable(store, garbage)
  assert.ok(cached.some(({ cid }) => !store.has(cid)))
})

test('over the hard limit writes are refused; reads, pins of what is here and unpinning go on; space comes back by itself', async () => {
  await using node = await open()
  const { store } = node
  await using _ = task(node)
  const all: ReturnType<typeof bulk> = []
  const fill = async () => {
    for (let round = 0; round < 100; round++) {
      const blocks = bulk(`pinned ${round}`, 4)
      await putAll(store, blocks)
      for (const { cid } of blocks) await node.pins.add(cid, WAIT)
      all.push(...blocks)
    }
  }
  await rejects(fill(), 'NO_SPACE')
  assert.ok(store.counters().diskBytes <= MAX)
  await assertReadable(store, all.slice(0, 4))
  await node.pins.add(all[0]!.cid, { ...WAIT, mode: 'direct' })
  await rejects(putAll(store, bulk('no room', 16)), 'NO_SPACE')
  for (const { cid } of all.slice(4)) await node.pins.rm(cid, { ...WAIT })
  await until(() => percent(store) <= 70)
  await putAll(store, bulk('room again', 4))
  await assertReadable(store, all.slice(0, 4))
  await healthy(store)
})

test.run()
