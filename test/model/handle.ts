// Handles on one repository: in this process, or in a child that can be stopped and killed.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Actor, type Command, type Reply } from './actor.ts'
import { setClock } from './clock.ts'

export interface Handle {
  readonly isProcess: boolean
  /** `offsetMs` is what the clock shows beyond the true one. */
  send(command: Command, offsetMs: number): Promise<Reply>
  /** Ends it without any good-bye; false if it cannot be. */
  kill(): Promise<boolean>
  signal(name: 'SIGSTOP' | 'SIGCONT'): boolean
}

export function handleHere(): Handle {
  const actor = new Actor()
  return {
    isProcess: false,
    send(command, offsetMs) {
      setClock(offsetMs)
      return actor.run(command)
    },
    kill: async () => false,
    signal: () => false,
  }
}

const CHILD = join(import.meta.dirname, 'child.ts')
const STEP_MS = 60_000

export class ChildHandle implements Handle {
  readonly isProcess = true
  readonly #child: ChildProcess
  #log = ''

  constructor(compileCache: string) {
    this.#child = fork(CHILD, {
      execArgv: process.execArgv,
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', chunk => {
        this.#log = `${this.#log}${chunk}`.slice(-5000)
      })
  }

  async send(command: Command, offsetMs: number): Promise<Reply> {
    const answered = new AbortController()
    const signal = AbortSignal.any([answered.signal, AbortSignal.timeout(STEP_MS)])
    this.#child.send({ command, offsetMs })
    const message = once(this.#child, 'message', { signal }).then(([reply]) => reply as Reply)
    const exit = once(this.#child, 'exit', { signal }).then(([code, name]): Reply => {
      return { error: 'DIED', text: `${command.do}: the child ended by itself: ${code ?? name} ${this.#log}` }
    })
    exit.catch(() => undefined)
    try {
      return await Promise.race([message, exit])
    } catch (cause) {
      return { error: 'HUNG', text: `${command.do}: no answer after ${STEP_MS} ms: ${cause} ${this.#log}` }
    } finally {
      answered.abort()
    }
  }

  async kill(): Promise<boolean> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return true
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
    return true
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): boolean {
    return this.#child.kill(name)
  }
}

/** Children that are warm when a run needs them; a killed one is replaced at once. */
export class Pool implements AsyncDisposable {
  readonly #idle: ChildHandle[] = []
  readonly #spare: number
  /** Every kill costs a start, and most of a start is the compiling of modules. */
  readonly #compileCache = mkdtempSync(join(tmpdir(), 'cairn-model-compiled-'))
  spawned = 0

  constructor(spare: number) {
    this.#spare = spare
    this.#fill()
  }

  #fill(): void {
    while (this.#idle.length < this.#spare) {
      this.#idle.push(new ChildHandle(this.#compileCache))
      this.spawned++
    }
  }

  take(): ChildHandle {
    const handle = this.#idle.shift() ?? new ChildHandle(this.#compileCache)
    this.#fill()
    return handle
  }

  giveBack(handle: Handle): void {
    if (handle instanceof ChildHandle) this.#idle.push(handle)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#idle.splice(0).map(handle => handle.kill()))
    rmSync(this.#compileCache, { recursive: true, force: true })
  }
}
