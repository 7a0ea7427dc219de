// What the parts of a repository check share: where they look, how they tell, and the rule that nothing is told that was not seen twice.

import type { CheckEvent } from '../../api/repo.ts'
import type { Wait } from '../../block/source.ts'
import type { Store } from '../store.ts'

export interface CheckContext extends Wait {
  readonly store: Store
  readonly path: string
  /** Hash every block in full. */
  readonly readData: boolean
  readonly pace: () => Promise<void> | undefined
  /** Of what was read and hashed. */
  readonly totals: { blocks: number; bytesRead: number }
}

export type CheckEvents = AsyncGenerator<CheckEvent>

const finding = (severity: 'error' | 'note', kind: string, what: string): CheckEvent => ({
  type: 'finding',
  finding: { severity, kind, what },
})

/** Something is lost or wrong. */
export const errorFound = (kind: string, what: string): CheckEvent => finding('error', kind, what)
/** Something that a killed process or a power cut may leave, and that costs nothing but room. */
export const noted = (kind: string, what: string): CheckEvent => finding('note', kind, what)

export const progress = (stage: string, done: number, total: number): CheckEvent => ({
  type: 'progress',
  stage,
  done,
  total,
})
