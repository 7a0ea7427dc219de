// Asks the judge: a process that lives for a whole sweep, as starting one for each kill would cost more than the kill.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Ledger } from './invariants.ts'

export interface Judgement {
  readonly path: string
  readonly ledger: Ledger
  /** False if the repository may still be of an older schema. */
  readonly isCurrent: boolean
  /** Collect too, which changes the repository. */
  readonly collect: boolean
}

export class Checker implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #ended: Promise<never>

  constructor() {
    // Whatever is planted into those it judges is not in the judge.
    const { NODE_OPTIONS: _, CAIRN_PLANTED: __, ...env } = process.env
    const file = join(import.meta.dirname, 'checker-process.ts')
    this.#child = fork(file, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env, execArgv: [] })
    this.#ended = once(this.#child, 'exit').then(([code]) => {
      throw new Error(`the checker ended with ${code}`)
    })
    this.#ended.catch(() => undefined)
  }

  /** Every violation. One judgement at a time. */
  async judge({ isCurrent = true, collect = true, ...rest }: Partial<Judgement> & Pick<Judgement, 'path' | 'ledger'>) {
    const answer = new Promise(resolve => this.#child.once('message', resolve))
    this.#child.send({ ...rest, isCurrent, collect } satisfies Judgement)
    const violations = await Promise.race([answer, this.#ended])
    return violations as string[]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return
    this.#child.disconnect()
    await once(this.#child, 'exit')
  }
}
