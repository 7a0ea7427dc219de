import { test } from 'uvu'
import { temporaryFolder } from '../support/cairn.ts'
import { makeWorld } from './scenarios.ts'
import { whyNoStrace } from './strace.ts'
import { sweepAll } from './sweep-all.ts'
import { upkeepScenarios } from './upkeep-scenarios.ts'

const why = whyNoStrace()
if (why !== undefined) console.log(`» kill-points: SKIPPED, nothing was proven: ${why}`)
const sweep = why === undefined ? test : test.skip

sweep(
  'init, migration, backup, restore, rebuild and repair, killed before any of their writes, can be done again',
  async () => {
    const work = temporaryFolder('kill-upkeep')
    const world = await makeWorld(work)
    await sweepAll({ scenarios: await upkeepScenarios(world, work), work, sampleStep: 60 })
  },
)

test.run()
