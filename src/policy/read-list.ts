// A denylist from its file: at once where a command waits for it, in slices where a daemon has other things to do.

import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { CairnError } from '../errors.ts'
import { enforce } from '../limits.ts'
import { KiB } from '../units.ts'
import type { CompiledList } from './compiled-list.ts'
import { ListParser } from './list-parser.ts'

const CHUNK = 256 * KiB

export function readListNow(file: string): CompiledList {
  const steps = steadily(file)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** Others get their turn after each chunk, which takes a few milliseconds. */
export async function readList(file: string, signal: AbortSignal): Promise<CompiledList> {
  const steps = steadily(file)
  try {
    for (;;) {
      const step = steps.next()
      if (step.done === true) return step.value
      await setImmediate()
      signal.throwIfAborted()
    }
  } finally {
    steps.return(undefined as never)
  }
}

function* steadily(file: string): Generator<void, CompiledList> {
  const fd = open(file)
  try {
    const sizeBytes = fstatSync(fd).size
    enforce('denyListBytes', sizeBytes, file)
    const parser = new ListParser({ name: file, sizeBytes })
    const chunk = Buffer.allocUnsafe(CHUNK)
    for (let length = readSync(fd, chunk); length > 0; length = readSync(fd, chunk)) {
      // What is kept of a chunk is copied out of it.
      parser.push(chunk.subarray(0, length))
      yield
    }
    return parser.end()
  } finally {
    closeSync(fd)
  }
}

function open(file: string): number {
  try {
    // A pipe would be waited for.
    if (!statSync(file).isFile()) throw new Error('it is no file')
    return openSync(file, 'r')
  } catch (cause) {
    throw new CairnError('READ_FAILED', `the denylist ${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
}
