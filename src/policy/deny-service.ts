// The denylists of one node: read when a door first asks, written down when they refuse, kept in step with their files by a daemon.

import { type FSWatcher, watch } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import type { Wait } from '../block/source.ts'
import { METRICS } from '../observe/metrics.ts'
import { DenyFiles, type DenyFilesOptions } from './deny-files.ts'
import { denyPaths } from './deny-paths.ts'
import { Denylist } from './denylist.ts'
import { RefusalLog } from './refusal-log.ts'

export interface DenyServiceOptions extends DenyFilesOptions {
  /** A command ends soon: what it refuses is written down at once. */
  readonly isCommand: boolean
}

/** A change is in force within this time, and mostly at once: a watched folder tells. */
const LOOK_MS = 500

export class DenyService implements Disposable {
  readonly denylist: Denylist
  readonly files: DenyFiles
  readonly #options: DenyServiceOptions
  readonly #refusals: RefusalLog

  constructor(options: DenyServiceOptions) {
    const { repo, log, isCommand } = options
    this.#options = options
    this.files = new DenyFiles(options)
    this.#refusals = new RefusalLog({ file: denyPaths(repo).log, log, atOnce: isCommand })
    this.denylist = new Denylist({
      load: () => this.files.loadNow(),
      onRefused: refusal => {
        METRICS.refused.add(1, { door: refusal.door })
        this.#refusals.add(refusal)
      },
    })
  }

  /** All lists, in slices: in force when it resolves. Whoever asks before that has them read at once. */
  async load({ signal }: Wait): Promise<void> {
    const lists = await this.files.refresh(signal)
    if (lists !== undefined) this.denylist.replace(lists)
  }

  /** Until `signal` aborts. */
  async follow({ signal }: Wait): Promise<void> {
    const { log, repo } = this.#options
    let watcher: FSWatcher | undefined
    let woken = new AbortController()
    while (!signal.aborted) {
      watcher ??= watchFolder(denyPaths(repo).folder, () => woken.abort())
      await setTimeout(LOOK_MS, undefined, { signal: AbortSignal.any([signal, woken.signal]), ref: false }).catch(
        () => {},
      )
      if (signal.aborted) break
      woken = new AbortController()
      try {
        await this.#look(signal)
      } catch (error) {
        if (!signal.aborted) log.warn('the denylists could not be looked at', { err: error })
      }
    }
    watcher?.close()
  }

  [Symbol.dispose](): void {
    this.#refusals[Symbol.dispose]()
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { denylist, files } = this
    // The first question reads them; there is nothing to be in step with before.
    const before = denylist.lists
    const lists = await files.refresh(signal)
    if (lists === undefined) return
    denylist.replace(lists)
    const count = (all: typeof before) => all.reduce((sum, { list }) => sum + list.ruleCount, 0)
    this.#options.log.info('denylists have changed', {
      lists: lists.length,
      rules: count(lists),
      before: count(before),
    })
  }
}

/** Undefined while there is no such folder, or no more watching on this machine: then the looking has to do. */
function watchFolder(folder: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, onChange)
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}
