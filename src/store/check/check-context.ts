// What the parts of a repository check share: where they look, how they tell, and the rule that nothing is told that was not seen twice.

import type { CheckEvent, CheckFinding } from '../../api/repo.ts'
import type { Wait } from '../../block/source.ts'
import { isCairnError } from '../../errors.ts'
import type { Store } from '../store.ts'
import type { RepairPlan } from './repair-plan.ts'

export interface CheckContext extends Wait {
  readonly store: Store
  readonly path: string
  /** Whether this block is to be read and hashed in full. */
  readonly reads: (mh: Uint8Array) => boolean
  /** Whether any is. */
  readonly readData: boolean
  /** What is found is mended; undefined if it is only told. */
  readonly repair: RepairPlan | undefined
  readonly pace: () => Promise<void> | undefined
  /** Of what was read and hashed. */
  readonly totals: { blocks: number; bytesRead: number }
}

export type CheckEvents = AsyncGenerator<CheckEvent>

export interface Outcome {
  readonly repaired: boolean
  /** What was done, or why nothing could be. */
  readonly how: string
}

export const done = (how: string): Outcome => ({ repaired: true, how })
export const notDone = (how: string): Outcome => ({ repaired: false, how })

const finding = (severity: 'error' | 'note', kind: string, what: string): CheckEvent & { type: 'finding' } => ({
  type: 'finding',
  finding: { severity, kind, what },
})

/** Something is lost or wrong. */
export const errorFound = (kind: string, what: string) => finding('error', kind, what)
/** Something that a killed process or a power cut may leave, and that costs nothing but room. */
export const noted = (kind: string, what: string) => finding('note', kind, what)

export const progress = (stage: string, done: number, total: number): CheckEvent => ({
  type: 'progress',
  stage,
  done,
  total,
})

export type Finding = { readonly type: 'finding'; readonly finding: CheckFinding }

export const withOutcome = ({ finding: found }: Finding, outcome: Outcome): CheckEvent => ({
  type: 'finding',
  finding: { ...found, ...outcome },
})

/** The finding, mended first if this check mends. */
export async function mended(
  { repair }: CheckContext,
  found: Finding,
  mend: () => Outcome | Promise<Outcome>,
): Promise<CheckEvent> {
  return repair === undefined ? found : withOutcome(found, await attempt(mend))
}

/** A disk that is full or refuses writes, or somebody who is at work there, is the reason why something stays as it is. */
export async function attempt(mend: () => Outcome | Promise<Outcome>): Promise<Outcome> {
  try {
    return await mend()
  } catch (error) {
    if (isCairnError(error) && REASONS.has(error.code)) return notDone(error.message)
    throw error
  }
}

const REASONS: ReadonlySet<string> = new Set(['NO_SPACE', 'READ_ONLY', 'REPO_LOCKED', 'UNREACHABLE', 'TIMEOUT'])
