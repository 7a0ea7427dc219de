// A command of the real program that is held still at a known instant: in the middle of reading a certain file.

import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { cairn, type Ran, type RunOptions } from '../support/cairn.ts'

/** Linux tells what a process has open; elsewhere these tests have nothing to go by. */
export const canHold = process.platform === 'linux'

/** More than any program reads before it comes to its input. */
const UNDER_WAY_BYTES = 32 * 1024 * 1024

/** Runs `cairn ARGS`; `meanwhile` happens while it is stopped in the middle of reading `file`. */
export async function whileReading(
  args: readonly string[],
  { file, meanwhile, ...options }: RunOptions & { file: string; meanwhile: () => void },
): Promise<Ran> {
  const started = Promise.withResolvers<ChildProcess>()
  const running = cairn(args, { ...options, onStart: started.resolve })
  const child = await started.promise
  while (!isReading(child.pid, file)) {
    if (child.exitCode !== null) throw new Error(`it ended before it had read much of ${file}`)
    await turn()
  }
  child.kill('SIGSTOP')
  try {
    meanwhile()
  } finally {
    child.kill('SIGCONT')
  }
  return running
}

function isReading(pid: number | undefined, file: string): boolean {
  try {
    const readBytes = Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1])
    const folder = `/proc/${pid}/fd`
    return readBytes > UNDER_WAY_BYTES && readdirSync(folder).some(fd => readlinkSync(`${folder}/${fd}`) === file)
  } catch {
    // A descriptor was closed while we looked.
    return false
  }
}
