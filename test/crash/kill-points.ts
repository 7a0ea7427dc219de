// The sweep: a scenario is counted once, call by call, then killed before each of them in a fresh copy of its repository.

import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Checker } from './checker.ts'
import type { Ledger } from './invariants.ts'
import { ENTRY } from './program.ts'
import { type Call, type KillAt, killArgs, parseLog, traceArgs } from './strace.ts'

export interface Places {
  readonly repo: string
  /** Beside the repository; what the scenario writes elsewhere goes here. */
  readonly out: string
}

/** What a scenario is run with. */
export interface RunContext extends Places {
  /** Starts Cairn under strace. */
  readonly start: (args: readonly string[], env?: Record<string, string>) => ChildProcess
}

export interface Scenario {
  readonly name: string
  /** Copied for each run; without one there is no folder yet. */
  readonly base?: string
  /** What holds before it, and so after each kill. */
  readonly ledger: Ledger
  /** Runs it to its end or its death; resolves with what was acknowledged besides. */
  readonly run: (context: RunContext) => Promise<Ledger>
  /** So many at a time. */
  readonly lanes?: number
  /** It makes the repository what it is: killed, it leaves one of an older schema, or none. */
  readonly makes?: boolean
  /** Before each run, what it finds beside the repository. */
  readonly prepare?: (context: Places) => void
  /** What is done after it, before anybody else looks; other violations than those of the repository. */
  readonly after?: (context: Places & { readonly killed: boolean }) => Promise<string[]>
}

export interface Sweep {
  readonly points: number
  readonly tried: number
  readonly hit: number
  /** Of those that were tried: what another thread or another order of things got to first. */
  readonly missed: readonly string[]
  readonly violations: readonly string[]
}

export interface SweepOptions {
  readonly scenario: Scenario
  readonly work: string
  /** Every so many points, from `offset` on; of few points more. */
  readonly step: number
  readonly offset: number
}

const LANES = 2
/** Of few points, too, so many are tried: some of a daemon's are met by another thread first. */
const LEAST = 4

export async function sweepKillPoints({ scenario, work, step, offset }: SweepOptions): Promise<Sweep> {
  const lanes = Array.from(
    { length: scenario.lanes ?? LANES },
    (_, lane) => new Lane(scenario, join(work, `${scenario.name}-${lane}`)),
  )
  try {
    const first = lanes[0] as Lane
    const points = await first.count()
    const every = Math.max(1, Math.min(step, Math.floor(points.length / LEAST)))
    const queue = points.filter((_, index) => index % every === offset % every)
    const tried = queue.length
    let hit = 0
    const missed: string[] = []
    const violations = [...first.violations]
    const work = async (lane: Lane) => {
      for (let point = queue.shift(); point !== undefined && violations.length === 0; point = queue.shift()) {
        const { wasHit, found } = await lane.kill(point)
        if (wasHit) hit++
        else missed.push(nameOf(point))
        violations.push(...found.map(text => `${scenario.name}, killed at ${nameOf(point)}: ${text}`))
      }
    }
    await Promise.all(lanes.map(work))
    return { points: points.length, tried, hit, missed, violations }
  } finally {
    for (const lane of lanes) await lane[Symbol.asyncDispose]()
  }
}

/** By the path below the lane's folder: the same in every lane. */
interface Point extends KillAt {
  readonly thread: string
}

const nameOf = ({ thread, name, path, when }: Point): string => `${name} ${when} of ${path} (${thread})`

/** One repository at one path, made anew for each run, so that the calls of all runs have the same names. */
class Lane implements AsyncDisposable {
  readonly #scenario: Scenario
  readonly #root: string
  readonly #checker = new Checker()
  readonly violations: string[] = []

  constructor(scenario: Scenario, root: string) {
    this.#scenario = scenario
    this.#root = root
  }

  async count(): Promise<Point[]> {
    const { calls, found, killed } = await this.#run(traceArgs)
    if (killed) throw new Error(`${this.#scenario.name} died in the run that only counts`)
    this.violations.push(...found.map(text => `${this.#scenario.name}, not killed: ${text}`))
    return this.#pointsOf(calls)
  }

  async kill({ thread, ...point }: Point): Promise<{ wasHit: boolean; found: string[] }> {
    const at = { ...point, path: join(this.#root, point.path) }
    const { calls, found, killed } = await this.#run(log => killArgs(log, at))
    const reached = calls.filter(call => call.thread === thread).length
    return { wasHit: killed && reached === point.when, found }
  }

  /** Each call of a thread on a file of ours that writes, with its number among those that strace will count. */
  #pointsOf(calls: readonly Call[]): Point[] {
    const counts = new Map<string, number>()
    const points: Point[] = []
    for (const { pid, thread, name, path, to, args } of calls) {
      for (const file of new Set([path, to ?? path])) {
        const key = `${pid} ${name} ${file}`
        const when = (counts.get(key) ?? 0) + 1
        counts.set(key, when)
        if (file === path && path.startsWith(`${this.#root}/`) && (name !== 'openat' || args.includes('O_CREAT')))
          points.push({ thread, name, path: path.slice(this.#root.length + 1), when })
      }
    }
    return points
  }

  async #run(straceArgs: (log: string) => string[]) {
    const [repo, out, log] = ['repo', 'out', 'strace.log'].map(name => join(this.#root, name)) as [
      string,
      string,
      string,
    ]
    rmSync(this.#root, { recursive: true, force: true })
    mkdirSync(out, { recursive: true, mode: 0o700 })
    if (this.#scenario.base !== undefined) copyRepo(this.#scenario.base, repo)
    this.#scenario.prepare?.({ repo, out })
    let child: ChildProcess | undefined
    const start: RunContext['start'] = (args, env) => {
      child = startTraced(straceArgs(log), args, { CAIRN_REPO: repo, ...env })
      return child
    }
    const acknowledged = await this.#scenario.run({ repo, out, start })
    const killed = child?.signalCode === 'SIGKILL'
    const found: string[] = []
    if (!killed && child?.exitCode !== 0) found.push(`it ended with ${child?.exitCode ?? child?.signalCode}`)
    found.push(...((await this.#scenario.after?.({ repo, out, killed })) ?? []))
    const isCurrent = this.#scenario.makes !== true || !killed
    const ledger = mergeLedgers(this.#scenario.ledger, acknowledged)
    found.push(...(await this.#checker.judge({ path: repo, ledger, isCurrent })))
    return { calls: parseLog(readFileSync(log, 'utf8')), found, killed }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#checker[Symbol.asyncDispose]()
    rmSync(this.#root, { recursive: true, force: true })
  }
}

/** A pin that was acknowledged as gone is no longer owed. */
export function mergeLedgers(a: Ledger, b: Ledger): Ledger {
  const gone = new Set(b.unpinned)
  const owed = (cids: readonly string[]) => cids.filter(cid => !gone.has(cid))
  return {
    whole: [...owed(a.whole), ...b.whole],
    pinned: [...owed(a.pinned), ...b.pinned],
    unpinned: [...a.unpinned, ...b.unpinned],
    onePinned: [...(a.onePinned ?? []), ...(b.onePinned ?? [])],
  }
}

/** One thread in the pool: with more the calls of a run come in another order each time. */
export function startTraced(
  strace: readonly string[],
  args: readonly string[],
  env: Record<string, string>,
): ChildProcess {
  return spawn('strace', [...strace, process.execPath, ENTRY, ...args], {
    env: { ...process.env, CAIRN_MODE: 'offline', UV_THREADPOOL_SIZE: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** The reserve is only ever replaced, never written in place once it is full: a link will do for it. */
export function copyRepo(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) copyRepo(source, target)
    else if (entry.name === 'reserve') linkSync(source, target)
    else copyFileSync(source, target)
  }
}
