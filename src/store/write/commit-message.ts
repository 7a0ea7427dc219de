// What travels between the thread that fills groups and the one that commits them.

import type { Task } from './task.ts'

export interface ImageMessage {
  readonly memory: ArrayBuffer
  readonly usedBytes: number
}

/** Blocks laid out for a pack, and those that go elsewhere in any case. */
export interface Images {
  readonly bulk: readonly ImageMessage[]
  readonly side: readonly ImageMessage[]
}

export interface GroupMessage extends Images {
  readonly tasks: readonly Task[]
}

export type TaskOutcome = { readonly value: unknown } | { readonly error: unknown }

export interface CommitOutcome {
  /** One for each task, in order. */
  readonly tasks: readonly TaskOutcome[]
  /** Blocks that were to be touched but have gone meanwhile, and whose bytes were not given. */
  readonly missing: readonly Uint8Array[]
}

export const memoriesOf = ({ bulk, side }: Images): ArrayBuffer[] => [...bulk, ...side].map(({ memory }) => memory)

/** The images come back in any case: for another try, or to be filled anew. */
export type CommitReply = { readonly images: Images } & (
  | { readonly outcome: CommitOutcome }
  | { readonly error: unknown }
)

/** Where groups are committed: on this thread or on one of its own. One message at a time. */
export interface CommitHost extends AsyncDisposable {
  commit(message: GroupMessage): Promise<CommitReply>
}
