// What the main thread and the commit thread say to each other; errors travel as data.

import type { LogLevel } from '../../observe/log.ts'
import type { LogRecord } from '../../observe/log-relay.ts'
import type { CommitOutcome, CommitReply, GroupMessage, Images, TaskOutcome } from './commit-message.ts'
import { type PackedError, packError, unpackError } from './packed-error.ts'

export interface ThreadStart {
  readonly path: string
  readonly file: string
  readonly maxBytes: number
  /** Of the StopGate. */
  readonly gate: SharedArrayBuffer
  readonly logLevel: LogLevel
}

export type ThreadRequest = { readonly type: 'commit'; readonly message: GroupMessage } | { readonly type: 'close' }

type PackedTask = { readonly value: unknown } | { readonly packed: PackedError }
type PackedResult =
  | { readonly tasks: readonly PackedTask[]; readonly missing: readonly Uint8Array[] }
  | { readonly packed: PackedError }

export type ThreadReply =
  | { readonly type: 'committed'; readonly images: Images; readonly result: PackedResult }
  | { readonly type: 'log'; readonly record: LogRecord }
  | { readonly type: 'closed' }

export function packOutcome(reply: CommitReply): PackedResult {
  if ('error' in reply) return { packed: packError(reply.error) }
  const tasks = reply.outcome.tasks.map(task => ('error' in task ? { packed: packError(task.error) } : task))
  return { tasks, missing: reply.outcome.missing }
}

export function unpackOutcome(images: Images, result: PackedResult): CommitReply {
  if ('packed' in result) return { images, error: unpackError(result.packed) }
  const unpack = (task: PackedTask): TaskOutcome => ('packed' in task ? { error: unpackError(task.packed) } : task)
  const outcome: CommitOutcome = { tasks: result.tasks.map(unpack), missing: result.missing }
  return { images, outcome }
}
