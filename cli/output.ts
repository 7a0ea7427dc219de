// Bytes to a file or stdout: a file appears whole or not at all, and is never overwritten unasked.

import { open, rename, rm } from 'node:fs/promises'
import { CairnError } from '../src/errors.ts'
import type { Io } from './io.ts'

export interface OutputOptions {
  /** A path, or `-` for stdout. */
  readonly target: string
  readonly io: Io
  readonly onBytes?: (bytes: number) => void
}

/** Writes the whole stream; resolves with its length. */
export async function writeOut(
  content: AsyncIterable<Uint8Array>,
  { target, io, onBytes }: OutputOptions,
): Promise<number> {
  let bytes = 0
  const count = (chunk: Uint8Array): void => {
    bytes += chunk.byteLength
    onBytes?.(bytes)
  }
  if (target === '-') {
    for await (const chunk of content) {
      await io.stdout.writeBytes(chunk)
      count(chunk)
    }
    return bytes
  }
  const temp = `${target}.${process.pid}.part`
  const file = await open(temp, 'wx').catch(cause => {
    throw new CairnError('READ_FAILED', `${target} cannot be written: ${cause.message}`, { cause })
  })
  try {
    for await (const chunk of content) {
      await file.writeFile(chunk)
      count(chunk)
    }
    await file.close()
    await rename(temp, target)
  } catch (error) {
    await file.close()
    await rm(temp, { force: true })
    throw error
  }
  return bytes
}
