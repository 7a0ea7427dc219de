// What the main thread and the chores thread say to each other.

import type { LogLevel } from '../observe/log.ts'
import type { LogRecord } from '../observe/log-relay.ts'
import type { StoreOptions } from '../store/store.ts'
import type { PackedError } from '../store/write/packed-error.ts'
import type { ChoreName } from './chore-table.ts'

export interface ChoreThreadStart extends Pick<StoreOptions, 'path' | 'maxBytes' | 'graceMs' | 'verify'> {
  readonly logLevel: LogLevel
  /** Of the StopGate. */
  readonly gate: SharedArrayBuffer
}

export type ChoreRequest =
  | { readonly type: 'run'; readonly id: number; readonly name: ChoreName; readonly options: unknown }
  /** One batch was consumed: another may be sent. */
  | { readonly type: 'more'; readonly id: number }
  | { readonly type: 'abort'; readonly id: number }
  | { readonly type: 'close' }

export type ChoreReply =
  | { readonly type: 'events'; readonly id: number; readonly events: readonly unknown[] }
  | { readonly type: 'end'; readonly id: number; readonly error?: PackedError }
  | { readonly type: 'log'; readonly record: LogRecord }
  /** Counters of the thread's own registry have grown. */
  | { readonly type: 'counted'; readonly name: string; readonly amount: number }

/** Batches on their way or not consumed yet, per run: beyond that the chore waits. */
export const BATCHES_AHEAD = 2
export const BATCH_EVENTS = 256
/** The first event of a batch waits no longer for company. */
export const BATCH_MS = 30
