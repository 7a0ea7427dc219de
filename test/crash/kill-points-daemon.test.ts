import { test } from 'uvu'
import { temporaryFolder } from '../support/cairn.ts'
import { daemonScenarios, fetchScenario, startPeer } from './daemon-scenarios.ts'
import { makeWorld } from './scenarios.ts'
import { registerSweeps } from './sweep-all.ts'

const work = temporaryFolder('kill-daemon')
const peer = await startPeer(work)
await registerSweeps({
  scenarios: async () => {
    const world = await makeWorld(work)
    return [...daemonScenarios(world), fetchScenario(world, peer)]
  },
  work,
  sampleStep: 120,
})
test.after(() => peer.kill())

test.run()
