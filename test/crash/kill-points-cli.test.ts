import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from '../support/cairn.ts'
import { sweepKillPoints } from './kill-points.ts'
import { commandScenarios, makeWorld } from './scenarios.ts'
import { whyNoStrace } from './strace.ts'

const FULL = process.env.TEST_FULL !== undefined
const SEED = Number(process.env.TEST_SEED ?? Math.floor(Date.now() / 86_400_000))
const STEP = FULL ? 1 : 12
const ONLY = process.env.CRASH_ONLY

const why = whyNoStrace()
if (why !== undefined) console.log(`» kill-points: skipped: ${why}`)
const sweep = why === undefined ? test : test.skip

sweep('a command killed before any of its writes loses nothing that was acknowledged', async () => {
  const work = temporaryFolder('kill-points')
  const world = await makeWorld(work)
  for (const scenario of commandScenarios(world)) {
    if (ONLY !== undefined && !ONLY.split(',').includes(scenario.name)) continue
    const startedAt = performance.now()
    const { points, tried, hit, violations } = await sweepKillPoints({ scenario, work, step: STEP, offset: SEED })
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    const sample = STEP === 1 ? '' : ` (every ${STEP}th of ${points}, seed ${SEED})`
    console.log(
      `» kill-points ${scenario.name}: hit ${hit} of ${tried} points${sample}, ${violations.length} violations, ${seconds} s`,
    )
    assert.equal(violations, [])
    assert.ok(hit > 0 || tried === 0, 'no point was hit at all')
  }
})

test.run()
