// What a command reads from and writes to: stdin, stdout, stderr, whether they are terminals, and a reader that goes away.

import type { Readable } from 'node:stream'
import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'
import type { Environment } from '../src/config/paths.ts'

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
  /** Aborts when whoever reads stdout has gone (`cairn ls … | head`). */
  readonly readerGone: AbortSignal
}

/** Text is gathered until the loop turns or this much is waiting: a line a file would cost a system call a file. */
const BATCH_CHARS = 64 * 1024

export function processIo(env: Environment): Io {
  const gone = new AbortController()
  const stdout = createOut(process.stdout as WriteStream, env, () => gone.abort())
  const stderr = createOut(process.stderr as WriteStream, env, () => {})
  return {
    get stdin() {
      return process.stdin
    },
    get stdinIsTerminal() {
      return process.stdin.isTTY === true
    },
    stdout,
    stderr,
    readerGone: gone.signal,
  }
}

/** `onGone` is called once if the other side does not read any more. */
export function createOut(
  stream: NodeJS.WritableStream & Partial<WriteStream>,
  env: Environment,
  onGone: () => void,
): Out {
  let waiting = ''
  let scheduled = false
  let broken = false
  stream.on('error', error => {
    if (broken) return
    broken = true
    // A disk that is full under `> file` must be heard of; a reader that left need not.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') onGone()
    else process.exitCode = 1
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
      return stream.columns ?? 80
    },
    write(text) {
      waiting += text
      if (waiting.length >= BATCH_CHARS) push()
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
