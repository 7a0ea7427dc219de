import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { handleHere, Pool } from './handle.ts'
import { Play } from './play.ts'
import { RACES, type Race } from './races.ts'
import { REGRESSIONS } from './regressions.ts'
import { RepoFolder } from './repo-folder.ts'
import { type Step, steps } from './steps.ts'

const FULL = Boolean(process.env.TEST_FULL)
const RUNS_HERE = Number(process.env.MODEL_RUNS ?? (FULL ? 8_000 : 140))
const RUNS_IN_PROCESSES = Number(process.env.MODEL_PROCESS_RUNS ?? (FULL ? 2_400 : 36))
const MOST_MS = Number(process.env.MODEL_MS ?? (FULL ? 1_080_000 : 25_000))
const SEED = Number(process.env.MODEL_SEED ?? (FULL ? Date.now() & 0x7fffffff : 20261124))

const totals = { runs: 0, inProcesses: 0, violations: 0, commands: 0, kills: 0, regressions: 0 }
const met = new Map<Race, number>(RACES.map(race => [race, 0]))

async function play(repo: RepoFolder, pool: Pool | undefined, drawn: readonly Step[]): Promise<void> {
  repo.reset()
  const run = new Play(
    {
      path: repo.path,
      // Two of three are processes: the third shows how handles of one process get on.
      take: () => pool?.take() ?? handleHere(),
      giveBack: handle => pool?.giveBack(handle),
    },
    pool === undefined ? 3 : 2,
  )
  try {
    await run.run(drawn)
  } catch (error) {
    totals.violations++
    throw error
  } finally {
    totals.runs++
    if (pool !== undefined) totals.inProcesses++
    totals.commands += run.commands
    totals.kills += run.kills
    for (const race of run.races.met) met.set(race, (met.get(race) ?? 0) + 1)
  }
}

test('runs that once failed do not fail any more', async () => {
  using repo = await RepoFolder.make()
  await using pool = new Pool(3)
  for (const { fault, steps: drawn } of REGRESSIONS) {
    for (const where of [undefined, pool])
      await play(repo, where, drawn).catch(cause => {
        throw new Error(`again: ${fault}`, { cause })
      })
    totals.regressions++
  }
})

async function playMany(numRuns: number, inProcesses: boolean): Promise<void> {
  using repo = await RepoFolder.make()
  await using pool = inProcesses ? new Pool(4) : undefined
  const endsAt = process.hrtime.bigint() + BigInt(MOST_MS) * 1_000_000n
  let played = 0
  const property = fc.asyncProperty(steps(inProcesses ? 20 : 25), async drawn => {
    // On a machine that is busy there are fewer: the line tells how many.
    if (process.hrtime.bigint() > endsAt) return
    await play(repo, pool, drawn)
    played++
  })
  await fc.assert(property, {
    numRuns,
    seed: SEED,
    includeErrorInReport: true,
  })
  assert.ok(played > 0, 'no run at all')
}

// Side by side: while the processes have the word, this one has time for runs of its own.
test('handles of one process, and processes that are stopped, killed and started, do as the model says in any order', async () => {
  const outcomes = await Promise.allSettled([playMany(RUNS_HERE, false), playMany(RUNS_IN_PROCESSES, true)])
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
})

test.after(() => {
  const races = [...met].map(([race, count]) => `${race} ${((100 * count) / totals.runs).toFixed(1)} %`).join(', ')
  console.log(
    `\n» model: ${totals.runs} runs (${totals.inProcesses} with real processes, ${totals.kills} kills), ${totals.commands} commands, ${totals.violations} violations, seed ${SEED}, ${totals.regressions} regressions replayed, races met: ${races}`,
  )
})

test.run()
