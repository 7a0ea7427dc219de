// Bytes to a file or stdout: a file appears whole or not at all; a device or a pipe is written to as it is.

import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { explainPlace } from '../src/writable.ts'
import type { Io } from './io.ts'

export interface OutputOptions {
  /** A path, or `-` for stdout. */
  readonly target: string
  readonly io: Io
  readonly onBytes?: (bytes: number) => void
}

/** Writes the whole stream; resolves with its length. What is at a path that was given is replaced. */
export async function writeOut(
  content: AsyncIterable<Uint8Array>,
  { target, io, onBytes = () => {} }: OutputOptions,
): Promise<number> {
  if (target === '-') return pass(content, bytes => io.stdout.writeBytes(bytes), onBytes)
  const explain = (error: unknown): never => {
    throw explainPlace(error, target)
  }
  // Whatever is wrong with the place is said when it is opened.
  const existing = await stat(target).catch(() => undefined)
  // Renamed onto /dev/null, a file would take its place for everyone; a folder fails right here.
  if (existing !== undefined && !existing.isFile())
    return fill(await open(target, 'w').catch(explain), content, onBytes)
  const place = existing === undefined ? target : await realpath(target)
  const temp = `${place}.${process.pid}.part`
  const file = await open(temp, 'wx').catch(explain)
  try {
    const bytes = await fill(file, content, onBytes)
    await rename(temp, place).catch(explain)
    return bytes
  } catch (error) {
    await rm(temp, { force: true })
    throw error
  }
}

async function fill(
  file: FileHandle,
  content: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): Promise<number> {
  await using opened = file
  return await pass(content, bytes => opened.writeFile(bytes), onBytes)
}

async function pass(
  content: AsyncIterable<Uint8Array>,
  write: (bytes: Uint8Array) => Promise<void>,
  onBytes: (bytes: number) => void,
): Promise<number> {
  let bytes = 0
  for await (const chunk of content) {
    await write(chunk)
    bytes += chunk.byteLength
    onBytes(bytes)
  }
  return bytes
}
