// A daemon whose memory and descriptors can be looked at from outside, garbage excluded.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startDaemon, type TestDaemon } from './cairn.ts'

const PROBE = join(import.meta.dirname, 'memory-probe.mjs')

export interface Memory {
  readonly heldBytes: number
  readonly heapBytes: number
}

export interface ProbedDaemon {
  readonly daemon: TestDaemon
  /** Bytes that it holds once its garbage is gone. */
  heldBytes(): Promise<number>
  /** The same, and how much of it are objects: the rest are buffers. */
  memory(): Promise<Memory>
  openDescriptors(): number
  peakBytes(): number
  residentBytes(): number
  /** From now on `peakBytes` is the peak since now. */
  forgetPeak(): void
}

export async function startProbed({
  repo,
  env = {},
}: {
  repo: string
  env?: Record<string, string>
}): Promise<ProbedDaemon> {
  const file = join(mkdtempSync(join(tmpdir(), 'probe-')), 'memory.json')
  const daemon = await startDaemon({
    repo,
    env: { ...env, NODE_OPTIONS: `${env.NODE_OPTIONS ?? ''} --import ${PROBE}`, TEST_MEMORY_FILE: file },
  })
  const status = (name: string) =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${daemon.child.pid}/status`, 'utf8'))?.[1]) * 1024
  const memory = async (): Promise<Memory> => {
    rmSync(file, { force: true })
    daemon.child.kill('SIGUSR2')
    for (let i = 0; i < 1_000; i++) {
      const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
      if (text.endsWith('}')) return JSON.parse(text)
      await sleep(10)
    }
    throw new Error(`the daemon does not answer:\n${daemon.log()}`)
  }
  return {
    daemon,
    memory,
    heldBytes: async () => (await memory()).heldBytes,
    openDescriptors: () => readdirSync(`/proc/${daemon.child.pid}/fd`).length,
    peakBytes: () => status('VmHWM'),
    residentBytes: () => status('VmRSS'),
    forgetPeak: () => writeFileSync(`/proc/${daemon.child.pid}/clear_refs`, '5'),
  }
}
