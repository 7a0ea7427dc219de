// What a commit does besides placing blocks: beginning and ending operations, statements of others, removing a block.

import type { SeenBlock, Statement } from '../store.ts'

export type Task =
  | { readonly type: 'begin'; readonly kind: string }
  | { readonly type: 'finish'; readonly operation: number; readonly statements: readonly Statement[] }
  | { readonly type: 'abort'; readonly operation: number }
  | { readonly type: 'write'; readonly statements: readonly Statement[]; readonly freesRoom: boolean }
  | { readonly type: 'remove'; readonly mh: Uint8Array; readonly seen: SeenBlock | undefined }

/** What each kind of task answers. */
export interface TaskResults {
  readonly begin: { readonly operation: number; readonly epoch: number }
  readonly finish: undefined
  readonly abort: undefined
  readonly write: readonly number[]
  readonly remove: boolean | 'changed'
}
