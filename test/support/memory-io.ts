// The command line without a process: what it writes is kept, what it reads is given.

import { Readable, Writable } from 'node:stream'
import { createOut, type Io } from '../../cli/io.ts'
import { main } from '../../cli/main.ts'

export interface MemoryRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface MemoryOptions {
  readonly env?: Record<string, string>
  readonly input?: string | Uint8Array
  readonly terminal?: boolean
}

/** Runs one command line in this process. */
export async function runCli(
  argv: readonly string[],
  { env = {}, input = '', terminal = false }: MemoryOptions = {},
): Promise<MemoryRun> {
  const [stdout, stderr] = [collect(terminal), collect(terminal)]
  const gone = new AbortController()
  const io: Io = {
    stdin: Readable.from(input.length === 0 ? [] : [Buffer.from(input as Uint8Array)]),
    stdinIsTerminal: terminal,
    stdout: createOut(stdout.stream, env, error => gone.abort(error)),
    stderr: createOut(stderr.stream, env, () => {}),
    outputLost: gone.signal,
  }
  const code = await main(argv, env, io)
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

function collect(isTTY: boolean) {
  const chunks: Buffer[] = []
  const stream = Object.assign(
    new Writable({
      write: (chunk, _encoding, done) => {
        chunks.push(Buffer.from(chunk))
        done()
      },
    }),
    { isTTY, columns: 80 },
  )
  return { stream, text: () => Buffer.concat(chunks).toString() }
}
