// Errors of the disk put into single system calls by strace: a run is counted call by call, then repeated with one of them failing.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { copyRepo } from '../crash/kill-points.ts'
import { type Call, parseLog } from '../crash/strace.ts'
import { BIN } from '../support/cairn.ts'

export interface Point {
  /** Of the system call. */
  readonly name: string
  /** Below the lane's folder. */
  readonly path: string
  /** The so-manieth call of its thread with that name on that path. */
  readonly when: number
  readonly thread: string
}

export const nameOf = ({ name, path, when, thread }: Point): string => `${name} ${when} of ${path} (${thread})`

export const SYNCS = ['fsync', 'fdatasync'] as const
export const READS = ['read', 'pread64'] as const

/** What strace does to that call and to the same one again, as a sick disk would; `times` is a count or all the rest. */
const injection = ({ name, when }: Point, error: string): string => `inject=${name}:error=${error}:when=${when}`

/** One thread in the pool: with more the calls of a run come in another order each time. */
export function startUnderStrace(
  strace: readonly string[],
  args: readonly string[],
  env: Record<string, string>,
): ChildProcess {
  return spawn('strace', [...strace, process.execPath, BIN, ...args], {
    env: { ...process.env, CAIRN_MODE: 'offline', UV_THREADPOOL_SIZE: '1', CAIRN_DAEMON_MDNS: 'false', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** A repository at one path, made anew for each run, so that the calls of all runs have the same names. */
export class Lane {
  readonly root: string
  readonly repo: string
  readonly #base: string
  readonly #calls: readonly string[]

  constructor(root: string, { base, calls }: { base: string; calls: readonly string[] }) {
    this.root = root
    this.repo = join(root, 'repo')
    this.#base = base
    this.#calls = calls
  }

  renew(): void {
    rmSync(this.root, { recursive: true, force: true })
    mkdirSync(join(this.root, 'out'), { recursive: true, mode: 0o700 })
    copyRepo(this.#base, this.repo)
  }

  get #log(): string {
    return join(this.root, 'strace.log')
  }

  counting(): string[] {
    return ['-f', '-y', '-Y', '-s', '8', '-o', this.#log, '-e', `trace=${this.#calls}`]
  }

  /** Without --seccomp-bpf: strace 6.1 injects nothing with it. */
  failing(point: Point, error: string): string[] {
    const path = join(this.root, point.path)
    return [
      '-f',
      '-y',
      '-Y',
      '-s',
      '8',
      '-o',
      this.#log,
      '-P',
      path,
      '-e',
      `trace=${point.name}`,
      '-e',
      injection(point, error),
    ]
  }

  calls(): Call[] {
    return parseLog(readFileSync(this.#log, 'utf8'))
  }

  wasHit(): boolean {
    return readFileSync(this.#log, 'utf8').includes('(INJECTED)')
  }

  /** Each call on a file of the repository, with its number among those that strace will count. */
  points(): Point[] {
    const counts = new Map<string, number>()
    const points: Point[] = []
    for (const { pid, thread, name, path } of this.calls()) {
      if (!path.startsWith(`${this.root}/repo`)) continue
      const key = `${pid} ${name} ${path}`
      const when = (counts.get(key) ?? 0) + 1
      counts.set(key, when)
      points.push({ thread, name, path: path.slice(this.root.length + 1), when })
    }
    return points
  }
}

export const sampled = <T>(all: readonly T[], step: number, offset: number): T[] =>
  all.filter((_, index) => index % step === offset % step)
