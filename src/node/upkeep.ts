// What a daemon does beside serving: tasks that start with the node, run in the background, and stop before the store closes.

import type { CairnNode } from '../api/node.ts'
import type { Config } from '../config/schema.ts'
import type { Logger } from '../observe/log.ts'
import type { DenyService } from '../policy/deny-service.ts'
import type { Store } from '../store/store.ts'
import type { ChoreRunner } from './chore-table.ts'

export interface UpkeepContext {
  readonly node: CairnNode
  readonly store: Store
  /** For what takes long: nothing of it may run on the main thread. */
  readonly chores: ChoreRunner
  readonly deny: DenyService
  readonly config: Config
  readonly log: Logger
  /** Aborts when the node stops: each task ends soon after. */
  readonly signal: AbortSignal
}

/** Runs until `signal` aborts; handles what can fail in its work itself, so that a rejection of it is a bug. */
export type UpkeepTask = (context: UpkeepContext) => Promise<void>

/** Starts all; disposing stops them and waits for their ends. */
export function startUpkeep(tasks: readonly UpkeepTask[], context: Omit<UpkeepContext, 'signal'>): AsyncDisposable {
  const stop = new AbortController()
  const running = tasks.map(task => task({ ...context, signal: stop.signal }))
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.all(running)
    },
  }
}
