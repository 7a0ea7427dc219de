import { test } from 'uvu'
import { temporaryFolder } from '../support/cairn.ts'
import { commandScenarios, makeWorld } from './scenarios.ts'
import { registerSweeps } from './sweep-all.ts'

const work = temporaryFolder('kill-points')
await registerSweeps({ scenarios: async () => commandScenarios(await makeWorld(work)), work, sampleStep: 70 })

test.run()
