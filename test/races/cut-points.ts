// A power cut, or a kill, at every named point of add, pin, collection and compaction: what was acknowledged by then is there.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NewBlock } from '../../src/block/source.ts'
import { POINTS } from '../crash/points/points.ts'
import { openAt } from '../store/support.ts'
import { ACTS, type Act, addPinned } from './acts.ts'
import { placesOf } from './places.ts'
import { crashedCopy } from './power-cut.ts'
import { assertKept, assertSound, isWanted, judgeStore, newRepo, removeRepo } from './stage.ts'

const FULL = process.env.TEST_FULL !== undefined
/** In the small budget the power is cut at each point of each phase; processes are killed only in the long one: a cut takes more. */
type Loss = 'power' | 'processes'

interface Cut {
  readonly where: string
  readonly path: string
  readonly kept: readonly NewBlock[]
}

/** In the small budget every other place, the odd ones today and the even ones tomorrow; all of them where one test is wanted. */
const isSampled = (turn: number): boolean =>
  FULL || process.env.TEST_ONLY !== undefined || (turn + Math.floor(Date.now() / 86_400_000)) % 2 === 0

const seen = new Set<string>()
const totals = { cuts: 0, acts: 0 }

export function cutTests(): void {
  for (const act of ACTS) {
    const title = `cut at every point: ${act.name}`
    if (!isWanted(title)) continue
    test(title, async () => {
      let turn = 0
      const cuts = await cutAndJudge({
        act,
        losses: FULL ? ['power', 'processes'] : ['power'],
        hitsOfOnePoint: FULL ? 20 : 1,
        isWanted: () => isSampled(turn++),
      })
      assert.ok(turn > 5 && cuts > 2, 'it passes points')
      totals.cuts += cuts
      totals.acts++
    })
  }

  test('the counts of the cuts', () => {
    if (process.env.TEST_ONLY) return
    console.log(
      `\n» cut-points: ${totals.cuts} cuts at ${seen.size} of ${POINTS.length} named points in ${totals.acts} acts, nothing acknowledged lost`,
    )
    assert.ok(totals.cuts > 0)
  })
}

interface CutOptions {
  readonly act: Act
  readonly losses: readonly Loss[]
  /** In one phase: between two points that are not of a transaction. */
  readonly hitsOfOnePoint: number
  readonly isWanted: (point: string) => boolean
}

/** Copies what a cut would leave at each point while the act goes on, then judges the copies; resolves with their number. */
export async function cutAndJudge({ act, losses, hitsOfOnePoint, isWanted }: CutOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-cuts-'))
  const path = await newRepo()
  const cuts: Cut[] = []
  const kept = [...act.kept]
  const before = globalThis.cairnAtPoint
  try {
    globalThis.cairnAtPoint = undefined
    await act.prepare(path)
    globalThis.cairnAtPoint = placesOf((place, time, point) => {
      seen.add(point)
      if (time > hitsOfOnePoint || !isWanted(point)) return
      for (const lost of losses) {
        const to = join(folder, `${cuts.length}`, 'repo')
        crashedCopy(path, to, lost)
        cuts.push({ where: `${place}, time ${time}, ${lost} lost`, path: to, kept: [...kept] })
      }
    })
    await act.run(path, blocks => kept.push(...blocks))
    globalThis.cairnAtPoint = undefined
    for (const cut of cuts) await judgeCut(act, cut)
    return cuts.length
  } finally {
    globalThis.cairnAtPoint = before
    removeRepo(path)
    rmSync(folder, { recursive: true, force: true })
  }
}

async function judgeCut(act: Act, { where, path, kept }: Cut): Promise<void> {
  try {
    const store = await openAt(path, { cacheBytes: 0 })
    try {
      await assertSound(store)
      await assertKept(store, kept)
      // Whoever comes back and adds it all again must not be told that it is here if it is not.
      await addPinned(store, act.again)
      await judgeStore(store, [...kept, ...act.again.blocks])
    } finally {
      await store[Symbol.asyncDispose]()
    }
  } catch (error) {
    if (error instanceof Error) error.message = `cut at "${where}": ${error.message}`
    throw error
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}
