// What the fault suites share: mounts in a name space of their own, disks filled to the byte, a process per scenario, its one line.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync, statfsSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { KiB, MiB } from '../../src/units.ts'

export const FULL = process.env.TEST_FULL !== undefined

/** Mounts that vanish with their process; where the system gives none, there is nothing to test with. */
export const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0
/** Loop devices need the real root. */
export const canLoop = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0
export const canTrace = spawnSync('strace', ['-V']).status === 0

export const skipped = (what: string): void => console.error(`SKIPPED: ${what}`)

/** A suite's line, at the beginning of one: uvu leaves its dots there. */
export const say = (line: string): void => console.log(`\n» ${line}`)

/** Runs a shell script in a mount name space of its own; fails the test unless it ends with 0. Returns stdout. */
export async function inMounts(
  script: string,
  args: readonly string[],
  { real = false }: { real?: boolean } = {},
): Promise<string> {
  const child = spawn('unshare', [real ? '-m' : '-rm', 'sh', '-ec', script, 'sh', process.execPath, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  child.stderr.on('data', chunk => {
    stderr = (stderr + chunk).slice(-20_000)
  })
  const [code, signal] = await once(child, 'close')
  assert.is(code, 0, `${signal ?? ''}${stdout}${stderr}`)
  for (const line of stdout.match(/^» .*/gm) ?? []) say(line.slice(2))
  return stdout
}

/** A file that takes what the disk has, but for so many bytes. */
export class Ballast {
  readonly #file: string
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    this.#file = join(folder, 'ballast')
  }

  freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.#folder)
    return bavail * bsize
  }

  /** Written zeros, to the last byte if nothing is to be left. */
  leave(bytes: number): void {
    const fd = openSync(this.#file, 'a+')
    try {
      const free = this.freeBytes()
      const { size } = statSync(this.#file)
      if (free < bytes) ftruncateSync(fd, Math.max(0, size - (bytes - free)))
      else fill(fd, free - bytes)
    } finally {
      closeSync(fd)
    }
  }

  none(): void {
    const fd = openSync(this.#file, 'w')
    closeSync(fd)
  }
}

function fill(fd: number, bytes: number): void {
  const zeros = new Uint8Array(MiB)
  for (let left = bytes, piece = MiB; left > 0 && piece >= 1; ) {
    try {
      left -= writeSync(fd, zeros, 0, Math.min(piece, left))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      piece >>= 1
    }
  }
}

/**
 * What the folder takes of the disk, as `du` counts it. Undefined if something counted has gone or shrunk meanwhile: what
 * came in its place would count as well, and no moment has had both.
 */
export function diskBytes(folder: string): number | undefined {
  const counted = new Map<string, number>()
  count(folder, counted)
  for (const [path, bytes] of counted) if (takenBytes(path) < bytes) return undefined
  return counted.values().reduce((sum, bytes) => sum + bytes, 0)
}

function count(folder: string, counted: Map<string, number>): void {
  for (const entry of list(folder)) {
    const path = join(folder, entry.name)
    counted.set(path, takenBytes(path))
    if (entry.isDirectory()) count(path, counted)
  }
}

const takenBytes = (path: string): number => (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512

function list(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

export const residentBytes = (pid: number | undefined): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * KiB

/** The letter of the process's state: T is stopped. */
export function stateOf(pid: number | undefined): string {
  try {
    return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? ''
  } catch {
    return ''
  }
}

/** Waits for what another process does and tells nobody of: polled, with an end. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, tries = 1200): Promise<void> {
  for (let turn = 0; turn < tries; turn++) {
    if (await condition()) return
    await setTimeout(25)
  }
  assert.unreachable(`never: ${what}`)
}
