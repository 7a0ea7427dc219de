import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Checker } from '../crash/checker.ts'
import { mergeLedgers, type Scenario } from '../crash/kill-points.ts'
import { commandScenarios, makeWorld, NOTHING, text, type World } from '../crash/scenarios.ts'
import { whyNoStrace } from '../crash/strace.ts'
import { cairn, cairnOk, temporaryFolder } from '../support/cairn.ts'
import { Lane, nameOf, type Point, SYNCS, sampled, startUnderStrace } from './inject.ts'
import { FULL, say, skipped } from './support.ts'

const why = whyNoStrace()
if (why !== undefined) skipped(why)
const check = why === undefined ? test : test.skip
const SEED = Math.floor(Date.now() / 86_400_000)
const STEP = FULL ? 1 : 14

interface Outcome {
  readonly code: number | null
  readonly stderr: string
  readonly acknowledged: Awaited<ReturnType<Scenario['run']>>
}

/** A run to its end; what it acknowledged counts only if it ended well. */
async function run(scenario: Scenario, lane: Lane, strace: readonly string[]): Promise<Outcome> {
  lane.renew()
  let [code, stderr]: [number | null, string] = [null, '']
  const start = (args: readonly string[], env: Record<string, string> | undefined) => {
    const child = startUnderStrace(strace, args, { CAIRN_REPO: lane.repo, ...env })
    void text(child.stderr).then(said => {
      stderr = said
    })
    child.on('exit', exit => {
      code = exit
    })
    return child
  }
  const acknowledged = await scenario.run({ repo: lane.repo, out: join(lane.root, 'out'), start }).catch(() => NOTHING)
  return { code, stderr, acknowledged }
}

/**
 * Where SQLite copies what the WAL holds already: a sync that fails there is said by nobody, loses nothing, and is done
 * again from the WAL. Its own sync of the folder comes after ours, which was heard.
 */
const isMadeGood = ({ path, when }: Point): boolean => /cairn\.db(-wal)?$/.test(path) || (path === 'repo' && when > 1)

async function sweep(scenario: Scenario, work: string, checker: Checker) {
  const { base } = scenario
  if (base === undefined) throw new Error(`${scenario.name} begins with no repository`)
  const lane = new Lane(join(work, scenario.name), { base, calls: SYNCS })
  assert.is((await run(scenario, lane, lane.counting())).code, 0)
  const all = lane.points()
  const counts = { points: all.length, tried: 0, hit: 0, refused: 0, checkpoints: 0 }
  for (const point of sampled(all, STEP, SEED)) {
    counts.tried++
    const what = `${scenario.name}, EIO at ${nameOf(point)}`
    const { code, stderr, acknowledged } = await run(scenario, lane, lane.failing(point, 'EIO'))
    if (!lane.wasHit()) continue
    counts.hit++
    if (code === 0) {
      assert.ok(isMadeGood(point), `${what} was acknowledged all the same`)
      counts.checkpoints++
    } else {
      assert.is(code, 8, `${what}: ${stderr}`)
      assert.match(stderr, /the disk/, what)
      assert.not.match(stderr, /^\s+at .*[:)]/m, what)
      counts.refused++
    }
    const ledger = mergeLedgers(scenario.ledger, acknowledged)
    assert.equal(await checker.judge({ path: lane.repo, ledger, collect: false }), [], what)
    // A process that starts anew writes as if nothing had been.
    const again = await cairnOk(['add', '-Q'], { repo: lane.repo, input: `again ${what}` })
    assert.is((await cairn(['cat', again], { repo: lane.repo })).stdout, `again ${what}`)
  }
  return counts
}

check('a sync that fails: the command fails, acknowledges nothing, and the next one finds everything', async () => {
  const work = temporaryFolder('eio')
  const world: World = await makeWorld(work)
  await using checker = new Checker()
  const sums = { points: 0, tried: 0, hit: 0, refused: 0, checkpoints: 0 }
  for (const scenario of commandScenarios(world)) {
    const counts = await sweep(scenario, work, checker)
    for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += counts[key]
  }
  const { points, tried, hit, refused, checkpoints } = sums
  say(
    `eio at sync, commands: ${hit} hit of ${tried} tried of ${points} syncs, ${refused} refused (exit 8), ${checkpoints} that the WAL makes good, 0 acknowledged and lost`,
  )
  assert.ok(hit > 0 && refused > 0)
})

test.run()
