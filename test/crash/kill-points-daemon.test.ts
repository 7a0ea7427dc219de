import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import { cairnOk, startDaemon, temporaryFolder } from '../support/cairn.ts'
import { randomBytes } from '../support/files.ts'
import { daemonScenarios, fetchScenario } from './daemon-scenarios.ts'
import { makeWorld } from './scenarios.ts'
import { whyNoStrace } from './strace.ts'
import { sweepAll } from './sweep-all.ts'

const why = whyNoStrace()
if (why !== undefined) console.log(`» kill-points: SKIPPED, nothing was proven: ${why}`)
const sweep = why === undefined ? test : test.skip

sweep('a daemon killed before any write of any of its threads loses nothing that was acknowledged', async () => {
  const work = temporaryFolder('kill-daemon')
  const world = await makeWorld(work)
  const repo = join(work, 'peer')
  mkdirSync(join(work, 'there'))
  const add = async (name: string, seed: number) => {
    const file = join(work, 'there', name)
    writeFileSync(file, randomBytes(seed)(200_000))
    return cairnOk(['add', '-Q', '-s', 'size-90000', file], { repo })
  }
  const readThere = await add('read', 30)
  await add('more', 31)
  const pinnedThere = await cairnOk(['add', '-Q', '-s', 'size-90000', join(work, 'there')], { repo })
  const peer = await startDaemon({ repo, mode: 'lan' })
  try {
    const [address = ''] = peer.swarm
    const fetches = fetchScenario(world, { address, pinnedThere, readThere })
    await sweepAll({ scenarios: [...daemonScenarios(world), fetches], work, sampleStep: 80 })
  } finally {
    await peer.kill()
  }
})

test.run()
