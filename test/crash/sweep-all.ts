// Sweeps scenario after scenario and says for each how many of its points were hit: a sample, or all in the full run.

import * as assert from 'uvu/assert'
import { type Scenario, sweepKillPoints } from './kill-points.ts'

const FULL = process.env.TEST_FULL !== undefined
const SEED = Number(process.env.TEST_SEED ?? Math.floor(Date.now() / 86_400_000))
/** To look at some only: `CRASH_ONLY=gc,pin`. */
const ONLY = process.env.CRASH_ONLY?.split(',')

export async function sweepAll({
  scenarios,
  work,
  sampleStep,
}: {
  scenarios: readonly Scenario[]
  work: string
  sampleStep: number
}): Promise<void> {
  const step = FULL ? 1 : sampleStep
  for (const scenario of scenarios.filter(({ name }) => ONLY?.includes(name) ?? true)) {
    const startedAt = performance.now()
    const { points, tried, hit, violations } = await sweepKillPoints({ scenario, work, step, offset: SEED })
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    const sample = step === 1 ? '' : ` (every ${step}th of ${points}, seed ${SEED})`
    console.log(
      `\n» kill-points ${scenario.name}: hit ${hit} of ${tried} points${sample}, ${violations.length} violations, ${seconds} s`,
    )
    assert.equal(violations, [])
    assert.ok(hit > 0 || tried === 0, 'no point was hit at all')
  }
}
