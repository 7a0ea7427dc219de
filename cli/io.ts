// What a command reads from and writes to: stdin, stdout, stderr, whether they are terminals, and a reader that goes away.

import type { Readable } from 'node:stream'
import { styleText } from 'node:util'
import type { Environment } from '../src/config/paths.ts'
import { type CairnError, toCairnError } from '../src/errors.ts'

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'underline'

/** One of stdout and stderr. */
export interface Out {
  readonly isTerminal: boolean
  readonly columns: number
  /** Text goes out soon and together; bytes in order with it. */
  write(text: string): void
  /** Resolves when the bytes may be reused. */
  writeBytes(bytes: Uint8Array): Promise<void>
  flush(): Promise<void>
  /** The text with a style, where colours are wanted. */
  style(style: Style, text: string): string
}

export interface Io {
  readonly stdin: Readable
  readonly stdinIsTerminal: boolean
  readonly stdout: Out
  readonly stderr: Out
  /** Aborts when nothing more can be written to stdout: its reader has gone (`| head`), or, as a CairnError, its disk is full. */
  readonly outputLost: AbortSignal
}

/** Text is gathered until the loop turns or this much is waiting: a line a file would cost a system call a file. */
const BATCH_CHARS = 64 * 1024

export function processIo(env: Environment): Io {
  const lost = new AbortController()
  const stdout = createOut(process.stdout, env, error => lost.abort(error))
  const stderr = createOut(process.stderr, env, () => {})
  return {
    get stdin() {
      return process.stdin
    },
    get stdinIsTerminal() {
      return process.stdin.isTTY === true
    },
    stdout,
    stderr,
    outputLost: lost.signal,
  }
}

type OutStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly writableLength?: number | undefined
}

/** `onLost` is called once if nothing more can be written; with an error unless the reader has just gone. */
export function createOut(stream: OutStream, env: Environment, onLost: (error?: CairnError) => void): Out {
  let waiting = ''
  let scheduled = false
  let broken = false
  stream.on('error', error => {
    if (broken) return
    broken = true
    onLost((error as NodeJS.ErrnoException).code === 'EPIPE' ? undefined : toCairnError(error))
  })
  const push = (): void => {
    scheduled = false
    const text = waiting
    waiting = ''
    if (text !== '' && !broken) stream.write(text)
  }
  const flush = async (): Promise<void> => {
    push()
    if (!broken && stream.writableLength !== 0) await new Promise<void>(resolve => stream.write('', () => resolve()))
    // That nobody reads is told in an event of its own, after the write.
    await new Promise<void>(resolve => setImmediate(resolve))
  }
  const isTerminal = stream.isTTY === true
  const hasColor = wantsColor(isTerminal, env)
  return {
    isTerminal,
    get columns() {
      // A terminal that does not know its width says 0.
      return stream.columns || 80
    },
    write(text) {
      waiting += text
      // On a terminal stdout and stderr are one text, whose order must hold.
      if (isTerminal || waiting.length >= BATCH_CHARS) push()
      else if (!scheduled) {
        scheduled = true
        setImmediate(push)
      }
    },
    async writeBytes(bytes) {
      push()
      if (!broken) await new Promise<void>(resolve => stream.write(bytes, () => resolve()))
    },
    flush,
    style: (style, text) => (hasColor ? styleText(style, text, { validateStream: false }) : text),
  }
}

/** NO_COLOR (no-color.org), FORCE_COLOR, dumb terminals. */
function wantsColor(isTerminal: boolean, env: Environment): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0') return true
  return isTerminal && env.TERM !== 'dumb'
}
