import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from '../support/cairn.ts'
import { daemonScenarios, fetchScenario, startPeer } from './daemon-scenarios.ts'
import { copyRepo, type RunContext, type Scenario, startTraced } from './kill-points.ts'
import { commandRun, commandScenarios, makeWorld, NOTHING } from './scenarios.ts'
import { parseLog, traceArgs, whyNoStrace } from './strace.ts'
import { RULES, type TracedRun } from './sync-order.ts'

const why = whyNoStrace()
if (why !== undefined) console.log(`» sync-order: SKIPPED, nothing was proven: ${why}`)
const traced = why === undefined ? test : test.skip

/** Enough to see the CIDs of an answer. */
const SHOWN_BYTES = 2000

interface TraceOptions {
  readonly name?: string
  readonly caches?: boolean
  readonly copy?: string
  readonly prepare?: (repo: string) => void
}

traced('whatever is written becomes durable in the order that the specification says', async () => {
  const work = temporaryFolder('sync-order')
  const world = await makeWorld(work)
  const runs: TracedRun[] = []
  const trace = async (scenario: Scenario, options: TraceOptions = {}) => {
    const { name = scenario.name, caches = false, prepare, copy } = options
    const [repo, out, log] = [join(work, 'runs', name), join(work, 'out'), join(work, `${name}.log`)]
    if (scenario.base !== undefined) copyRepo(scenario.base, repo)
    prepare?.(repo)
    const start: RunContext['start'] = (args, env) =>
      startTraced(traceArgs(log, SHOWN_BYTES), args, { CAIRN_REPO: repo, ...env })
    await scenario.run({ repo, out, start })
    const run = { name, repo, caches, ...(copy !== undefined && { copy }), calls: parseLog(readFileSync(log, 'utf8')) }
    runs.push(run)
    return run
  }
  for (const scenario of commandScenarios(world)) {
    const { repo, calls } = await trace(scenario)
    if (scenario.name !== 'add-block') continue
    // Once more where its folder is there already, made by somebody who did not sync it.
    const folder = dirname(calls.find(({ name }) => name === 'rename')?.path ?? '')
    assert.ok(folder.startsWith(join(repo, 'blocks')))
    const prepare = (other: string) => mkdirSync(join(other, relative(repo, folder)))
    await trace(scenario, { name: 'add-block-known-folder', prepare })
  }
  const copy = join(work, 'copies', 'backup')
  mkdirSync(dirname(copy))
  const backup = { name: 'backup', base: world.base, ledger: NOTHING, run: commandRun(['backup', copy], () => NOTHING) }
  await trace(backup, { copy })
  const peer = await startPeer(work)
  try {
    for (const scenario of daemonScenarios(world)) await trace(scenario)
    await trace(fetchScenario(world, peer), { caches: true })
  } finally {
    await peer.kill()
  }
  const broken = RULES.flatMap(rule => runs.flatMap(run => rule.broken(run).map(text => `${rule.name}: ${text}`)))
  console.log(`» sync-order: ${runs.length} logs, ${RULES.length} rules, ${broken.length} broken`)
  assert.equal(broken, [])
  for (const rule of RULES) {
    const run = runs.find(candidate => rule.applies(candidate) > 0)
    assert.ok(run !== undefined, `no log has anything to say about: ${rule.name}`)
    if (run === undefined) continue
    const doctored = rule.broken({ ...run, calls: rule.doctor(run) })
    assert.ok(doctored.length > 0, `a doctored log does not break: ${rule.name}`)
  }
})

test.run()
