// Runs that once failed: replayed first, in every budget.

import type { Step } from './steps.ts'

export interface Regression {
  /** What was wrong. */
  readonly fault: string
  readonly steps: readonly Step[]
}

export const REGRESSIONS: readonly Regression[] = []
