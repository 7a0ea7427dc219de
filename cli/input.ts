// What a command reads: a file, or stdin for `-` and for no argument at all.

import { createReadStream } from 'node:fs'
import { CairnError } from '../src/errors.ts'
import type { Io } from './io.ts'

/** The arguments, or stdin if there are none; USAGE when stdin is a terminal, where nothing would come. */
export function inputsOr(args: readonly string[], io: Io, what: string): readonly string[] {
  if (args.length > 0) return args
  if (io.stdinIsTerminal)
    throw new CairnError('USAGE', `${what} is missing`, { hint: 'give a path, or - to read from stdin' })
  return ['-']
}

/** The bytes of a file or, for `-`, of stdin. */
export async function* readInput(path: string, io: Io, onBytes?: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let bytes = 0
  try {
    for await (const chunk of path === '-' ? io.stdin : createReadStream(path, { highWaterMark: 1 << 20 })) {
      const data = chunk as Uint8Array
      bytes += data.byteLength
      onBytes?.(bytes)
      yield data
    }
  } catch (cause) {
    if (path === '-' || !(cause instanceof Error) || !('syscall' in cause)) throw cause
    throw unreadable(path, cause as NodeJS.ErrnoException)
  }
}

function unreadable(path: string, cause: NodeJS.ErrnoException): CairnError {
  if (cause.code === 'EISDIR')
    return new CairnError('USAGE', `${path} is a folder`, { cause, hint: 'folders are for `cairn add`' })
  const why = `${path} cannot be read: ${cause.message}`
  if (cause.code === 'ENOENT') return new CairnError('NOT_FOUND', why, { cause, hint: 'check the path' })
  return new CairnError('READ_FAILED', why, { cause })
}

/** Everything, up to `maxBytes`. */
export async function readAll(content: AsyncIterable<Uint8Array>, maxBytes: number, what: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of content) {
    size += chunk.byteLength
    if (size > maxBytes)
      throw new CairnError('LIMIT', `${what} is longer than the ${maxBytes} bytes allowed`, { hint: '' })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
