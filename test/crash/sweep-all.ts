// A test for each scenario, which says how many of its points were hit: of a sample, or of all in the full run.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Scenario, sweepKillPoints } from './kill-points.ts'
import { whyNoStrace } from './strace.ts'

const FULL = process.env.TEST_FULL !== undefined
const SEED = Number(process.env.TEST_SEED ?? Math.floor(Date.now() / 86_400_000))
/** To look at some only: `CRASH_ONLY=gc,pin`. */
const ONLY = process.env.CRASH_ONLY?.split(',')

export interface SweepPlan {
  readonly scenarios: () => Promise<readonly Scenario[]>
  readonly work: string
  readonly sampleStep: number
}

export async function registerSweeps({ scenarios, work, sampleStep }: SweepPlan): Promise<void> {
  const why = whyNoStrace()
  if (why !== undefined) {
    console.log(`» kill-points: SKIPPED, nothing was proven: ${why}`)
    test.skip('kill points', () => {})
    return
  }
  const step = FULL ? 1 : sampleStep
  for (const scenario of (await scenarios()).filter(({ name }) => ONLY?.includes(name) ?? true))
    test(`${scenario.name}, killed before any of its writes, loses nothing that was acknowledged`, () =>
      sweep(scenario, work, step))
}

async function sweep(scenario: Scenario, work: string, step: number): Promise<void> {
  const startedAt = performance.now()
  const { points, tried, hit, missed, violations } = await sweepKillPoints({ scenario, work, step, offset: SEED })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const sample = step === 1 ? '' : ` of ${points} (a sample, seed ${SEED})`
  console.log(
    `\n» kill-points ${scenario.name}: hit ${hit} of ${tried} points${sample}, ${violations.length} violations, ${seconds} s`,
  )
  if (process.env.CRASH_MISSED !== undefined) console.log(missed.map(name => `» missed: ${name}`).join('\n'))
  assert.equal(violations, [])
  assert.ok(hit > 0 || tried === 0, 'no point was hit at all')
}
