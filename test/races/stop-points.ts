// A process stopped at every point of add, pin, collection and compaction, while another collects and its clock jumps (spec: store §8).

import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type CairnError, isCairnError } from '../../src/errors.ts'
import { repoStat } from '../../src/node/stat.ts'
import type { Store } from '../../src/store/store.ts'
import { UNDER_MUTEX } from '../crash/points/points.ts'
import type { MadeDag } from '../pins/dags.ts'
import { gc } from '../pins/support.ts'
import { assertReadable, leaf } from '../store/support.ts'
import { ACTS, type Act, addPinned, over } from './acts.ts'
import { pointOf } from './places.ts'
import { newRepo, Stage } from './stage.ts'
import { goFile, type StopReply, type StopRequest } from './stop-child.ts'

const FULL = process.env.TEST_FULL !== undefined
const SOURCE_CLI = join(import.meta.dirname, '../crash/source-cli.ts')
const HOUR_MS = 3_600_000
const TEN_YEARS_MS = 10 * 365 * 24 * HOUR_MS
const CLOCKS = [HOUR_MS + 1000, TEN_YEARS_MS, -TEN_YEARS_MS]
/** For something that takes milliseconds, on a machine with other things to do. */
const PATIENCE_MS = 30_000

interface Stop {
  readonly place: string
  readonly time: number
  readonly clockMs: number
}

const totals = { stops: 0, points: new Set<string>(), mutex: 0, collections: 0, named: 0, held: 0 }
const child = { process: undefined as ChildProcess | undefined }

export function stopTests(): void {
  if (process.platform !== 'linux') return
  test.before(() => {
    child.process = fork(join(import.meta.dirname, 'stop-child.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  })
  test.after(() => {
    child.process?.kill('SIGKILL')
  })
  for (const act of ACTS) {
    test(`stopped at every point: ${act.name}`, async () => {
      const { passed } = await perform(act)
      for (const stop of choose(passed)) await stopAndGoOn(act, stop)
    })
  }
  test('the command line names the stopped process', namesOnTheCommandLine)
  test('the counts of the stops', () => {
    const { stops, points, mutex, collections, held, named } = totals
    console.log(
      `\n» stop-points: ${stops} of ${stops} stops at ${points.size} points, ${collections} collections meanwhile with the clock off by an hour or ten years, ${mutex} stops under the mutex named after the wait, ${named} stopped collectors named, ${held} holders told by gc and repo stat, nothing lost`,
    )
    assert.ok(mutex > 0 && collections > 0 && held > 0 && named > 0)
  })
}

async function namesOnTheCommandLine(): Promise<void> {
  const add = ACTS.find(({ name }) => name === 'add') as Act
  await using stage = new Stage(await newRepo())
  await add.prepare(stage.path)
  const { passed } = await perform(add)
  // A commit that only begins the operation writes no pack.
  const place = passed.find(passing => passing === 'pack: written, commit: data durable / commit: data durable') ?? ''
  const ended = ask({ act: 'add', path: stage.path, stop: { place, time: 1 } })
  try {
    await until(() => stateOf(pid()) === 'T', `stopped at ${place}`)
    const cairn = (...args: string[]) => {
      const env = { ...process.env, CAIRN_REPO: stage.path }
      const { status, stdout, stderr } = spawnSync(process.execPath, [SOURCE_CLI, ...args], { env, encoding: 'utf8' })
      assert.is(status, 0, stderr)
      return stdout + stderr
    }
    assert.match(cairn('gc'), `process ${pid()} is stopped`)
    assert.match(cairn('repo', 'stat'), `process ${pid()} (stopped: kill -CONT ${pid()})`)
  } finally {
    goOn(stage.path)
    await ended
    rmSync(goFile(stage.path), { force: true })
  }
}

/** The act without a stop: where it passes. */
async function perform(act: Act): Promise<StopReply> {
  await using stage = new Stage(await newRepo())
  await act.prepare(stage.path)
  const reply = await ask({ act: act.name, path: stage.path })
  assert.is(reply.error, undefined)
  return reply
}

const isSampled = (turn: number): boolean => FULL || (turn + Math.floor(Date.now() / 86_400_000)) % 2 === 0

/** Small budget: each second point once, at some place, the others tomorrow. Long: each place up to three times, so that it meets every clock. */
function choose(passed: readonly string[]): Stop[] {
  const seen = new Map<string, number>()
  const stops: Stop[] = []
  for (const [turn, place] of passed.entries()) {
    const key = FULL ? place : pointOf(place)
    const time = (seen.get(key) ?? 0) + 1
    seen.set(key, time)
    if (time > (FULL ? CLOCKS.length : 1) || !isSampled(turn)) continue
    stops.push({ place, time: FULL ? time : 1, clockMs: CLOCKS[(turn + time) % CLOCKS.length] as number })
  }
  return stops
}

async function stopAndGoOn(act: Act, stop: Stop): Promise<void> {
  await using stage = new Stage(await newRepo())
  try {
    await act.prepare(stage.path)
    const ended = ask({ act: act.name, path: stage.path, stop })
    await until(() => stateOf(pid()) === 'T', `stopped at ${stop.place}`)
    const beside = over(leaf(`beside ${stop.place}`), leaf('beside, large', 100_000))
    const later = UNDER_MUTEX.has(pointOf(stop.place))
      ? await waitInVain(stage, act, beside)
      : await collectMeanwhile(stage, act, beside, stop.clockMs)
    goOn(stage.path)
    const { error } = await ended
    assert.is(error, undefined, 'it ends well')
    await later()
    await stage.judge([...act.kept, ...beside.blocks, ...act.stored])
    totals.stops++
    totals.points.add(pointOf(stop.place))
  } catch (error) {
    if (error instanceof Error)
      error.message = `stopped at "${stop.place}", time ${stop.time}, clock ${stop.clockMs}: ${error.message}`
    throw error
  } finally {
    if (stateOf(pid()) === 'T') goOn(stage.path)
    rmSync(goFile(stage.path), { force: true })
  }
}

const pid = (): number => child.process?.pid ?? 0

function goOn(path: string): void {
  writeFileSync(goFile(path), '')
  process.kill(pid(), 'SIGCONT')
}

/** Whoever writes is told by name who keeps it waiting; readers do not wait; it writes once that goes on. */
async function waitInVain(stage: Stage, act: Act, beside: MadeDag): Promise<() => Promise<void>> {
  const store = await stage.open()
  await assertReadable(store, act.kept)
  const error = await refusal(addPinned(store, beside))
  assert.ok(isCairnError(error, 'REPO_LOCKED'), `refused, but with ${error}`)
  assert.match(error.message, `process ${pid()}`)
  assert.match(error.hint ?? '', `kill -CONT ${pid()}`)
  totals.mutex++
  return () => addPinned(store, beside)
}

/** A whole collection with another clock, an add, and reads, all while it stands still. */
async function collectMeanwhile(
  stage: Stage,
  act: Act,
  beside: MadeDag,
  clockMs: number,
): Promise<() => Promise<void>> {
  const store = await stage.open()
  const realNow = Date.now
  Date.now = () => realNow() + clockMs
  try {
    tellsOfWriter(store)
    await collectOrName(store, act)
    await addPinned(store, beside)
    await collectOrName(store, act)
    await assertReadable(store, [...act.kept, ...beside.blocks])
  } finally {
    Date.now = realNow
  }
  return async () => {}
}

function tellsOfWriter(store: Store): void {
  const isWriter = store.database.get('SELECT 1 FROM leases WHERE pid = ?', pid()) !== undefined
  const told = repoStat(store).writers.find(writer => writer.pid === pid())
  assert.is(told?.stopped, isWriter ? true : undefined, 'repo stat')
}

/** Beside a stopped collector there is none, and it is named; beside others it tells whom it waits for. */
async function collectOrName(store: Store, act: Act): Promise<void> {
  const works = store.database.get(
    'SELECT 1 FROM operations o JOIN leases l ON l.id = o.lease WHERE l.pid = ? AND o.finished IS NULL',
    pid(),
  )
  try {
    const { done } = await gc(store, { graceMs: HOUR_MS })
    assert.equal(
      done.heldBy.map(holder => holder.pid),
      works === undefined ? [] : [pid()],
      'gc',
    )
    totals.collections++
    if (works !== undefined) totals.held++
  } catch (error) {
    if (!isCairnError(error, 'REPO_LOCKED')) throw error
    assert.ok(act.name === 'gc' || act.name === 'compaction', `${act.name} holds no collection up`)
    assert.match((error as CairnError).hint ?? '', `process ${pid()}`)
    totals.named++
  }
}

const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    error => error,
  )

async function ask(request: StopRequest): Promise<StopReply> {
  if (child.process === undefined) throw new Error('there is no child')
  const reply = once(child.process, 'message')
  child.process.send(request)
  const [message] = await reply
  return message as StopReply
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const endsAt = performance.now() + PATIENCE_MS
  while (!condition()) {
    if (performance.now() > endsAt) assert.unreachable(`never: ${what}`)
    await setTimeout(2)
  }
}

function stateOf(process: number): string {
  try {
    return /\) (\S)/.exec(readFileSync(`/proc/${process}/stat`, 'utf8'))?.[1] ?? ''
  } catch {
    return ''
  }
}
