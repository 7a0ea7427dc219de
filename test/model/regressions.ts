// Runs that once failed: replayed first, in every budget.

import type { Step } from './steps.ts'
import { dagAt, KEYS, keyOf } from './universe.ts'

export interface Regression {
  /** What was wrong. */
  readonly fault: string
  readonly steps: readonly Step[]
}

export const REGRESSIONS: readonly Regression[] = [
  {
    fault: '`block rm` took a block that the file tree keeps, and no collection would run any more',
    steps: [
      { do: 'put', on: 0, dag: 0 },
      { do: 'cp', on: 0, dag: 0 },
      { do: 'clock', ms: 7_200_000 },
      { do: 'remove', on: 0, key: 0 },
      { do: 'remove', on: 1, key: KEYS.indexOf(keyOf(dagAt(0).root)) },
    ],
  },
]
