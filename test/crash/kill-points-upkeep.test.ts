import { test } from 'uvu'
import { temporaryFolder } from '../support/cairn.ts'
import { makeWorld } from './scenarios.ts'
import { registerSweeps } from './sweep-all.ts'
import { upkeepScenarios } from './upkeep-scenarios.ts'

const work = temporaryFolder('kill-upkeep')
await registerSweeps({
  scenarios: async () => upkeepScenarios(await makeWorld(work), work),
  work,
  sampleStep: 130,
})

test.run()
