import { test } from 'uvu'
import { temporaryFolder } from '../support/cairn.ts'
import { commandScenarios, makeWorld } from './scenarios.ts'
import { whyNoStrace } from './strace.ts'
import { sweepAll } from './sweep-all.ts'

const why = whyNoStrace()
if (why !== undefined) console.log(`» kill-points: SKIPPED, nothing was proven: ${why}`)
const sweep = why === undefined ? test : test.skip

sweep('a command killed before any of its writes loses nothing that was acknowledged', async () => {
  const work = temporaryFolder('kill-points')
  const world = await makeWorld(work)
  await sweepAll({ scenarios: commandScenarios(world), work, sampleStep: 25 })
})

test.run()
