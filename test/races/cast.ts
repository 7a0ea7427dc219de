// What the scheduled races are made of: their tests, their actors, and what counts as acknowledged.

import type { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { BlockSink, NewBlock } from '../../src/block/source.ts'
import { importSources } from '../../src/dag/import/import.ts'
import { isCairnError } from '../../src/errors.ts'
import { pinStatements } from '../../src/pins/pins.ts'
import { openEpoch } from '../../src/store/collect/epoch.ts'
import type { Store } from '../../src/store/store.ts'
import { KiB } from '../../src/units.ts'
import type { MadeDag } from '../pins/dags.ts'
import { gc } from '../pins/support.ts'
import { bytesOf, leaf, putAll, WAIT } from '../store/support.ts'
import { crashedCopy } from './power-cut.ts'
import { type Actor, inEveryOrder, type Orders, type Outcome, pause, type Scene, stopAtPoint } from './schedule.ts'
import { isWanted, newRepo, Stage } from './stage.ts'

export const HOUR_MS = 3_600_000
/** Of orders of one race: a sample in the small budget. */
const MOST = Number(process.env.RACE_ORDERS ?? (process.env.TEST_FULL ? 1500 : 14))

export const SWEEP_POINTS = ['gc: epoch open', 'gc: marked', 'sweep: page read', 'gc: swept']
export const played: Orders[] = []

/** Registers the test: `set` makes the scene on an empty repository. */
export function race(name: string, set: (stage: Stage) => Promise<Omit<Scene, keyof AsyncDisposable>>): void {
  const title = `race: ${name}`
  if (!isWanted(title)) return
  test(title, async () => {
    const orders = await inEveryOrder(async () => {
      const stage = new Stage(await newRepo())
      return { ...(await set(stage)), [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() }
    }, MOST)
    assert.ok(orders.count > 1, 'more than one order')
    played.push(orders)
  })
}

export const collector = (store: Store, stopsAt = SWEEP_POINTS, graceMs = 0): Actor => ({
  name: 'gc',
  stopsAt,
  run: async () => void (await gc(store, { graceMs })),
})

/** As an add: the pin is in the last transaction of the operation that puts its blocks. */
export async function addSlowly(store: Store, { root, blocks }: MadeDag, inOneCommit = true): Promise<void> {
  await using operation = await store.begin('add')
  for (const block of blocks) await operation.put(block)
  if (!inOneCommit) await operation.flush()
  await pause('add: put')
  await operation.finish(pinStatements([root], { mode: 'recursive', name: '' }))
}

export const adder = (store: Store, dag: MadeDag, stopsAt: readonly string[], inOneCommit = true): Actor => ({
  name: 'add',
  stopsAt,
  run: () => addSlowly(store, dag, inOneCommit),
})

/** Blocks without a root, of an older epoch than whatever begins now. */
export async function leaveGarbage(stage: Stage, blocks: readonly NewBlock[]): Promise<void> {
  const store = await stage.open()
  await putAll(store, blocks)
  await openEpoch(store, 0)
}

/** An actor that failed has acknowledged nothing; these may fail with these codes, the others not at all. */
export function acknowledged(outcome: Outcome, may: Record<string, readonly string[]> = {}): Set<string> {
  const well = new Set<string>()
  for (const [name, error] of outcome) {
    if (error === undefined) well.add(name)
    else if (!may[name]?.some(code => isCairnError(error, code as 'NOT_FOUND')))
      assert.unreachable(`${name} failed: ${error instanceof Error ? error.stack : error}`)
  }
  return well
}

/** Above the size that goes inline: alone it becomes a file. */
const BIG = 100 * KiB
export const big = (seed: string): NewBlock => leaf(seed, BIG)
/** As an import makes it: the files tree takes nothing else. */
export async function importedFile(seed: string): Promise<MadeDag> {
  const blocks: NewBlock[] = []
  const sink: BlockSink = {
    put: ({ cid, bytes, hasLinks, release }) => {
      blocks.push({ cid, bytes: new Uint8Array(bytes), hasLinks })
      release?.()
    },
  }
  const content = (async function* () {
    yield bytesOf(seed, 300 * KiB)
  })()
  let root: CID | undefined
  const options = { chunker: 'size-100000', ...WAIT }
  for await (const event of importSources([{ kind: 'stream', name: seed, content }], options, sink))
    if (event.type === 'done') root = event.roots[0]
  return { root: root as CID, blocks }
}

/** What the cut left, judged in its own folder: nobody has it open. */
export async function judgeAfterCut(stage: Stage, kept: readonly NewBlock[]): Promise<void> {
  const left = new Stage(`${stage.path}-cut`)
  crashedCopy(stage.path, left.path, 'power')
  await left.judge(kept)
  await stage.judge(kept)
}

// Whoever imports this has its actors stop at points.
globalThis.cairnAtPoint = stopAtPoint
