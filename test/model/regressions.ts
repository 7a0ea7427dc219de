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
  {
    fault: 'the model took a block for swept that a `files cp` had touched before it failed for want of another',
    steps: [
      { do: 'put', on: 0, dag: 2 },
      { do: 'clock', ms: 7_200_000 },
      { do: 'walk', on: 0, dag: 0, name: '' },
      { do: 'walkOn', on: 0 },
      { do: 'sweep', on: 0 },
      { do: 'sweepOn', on: 0 },
      { do: 'walkEnd', on: 0 },
      { do: 'sweepOn', on: 0 },
      { do: 'cp', on: 0, dag: 1 },
      { do: 'sweepEnd', on: 0 },
      { do: 'walkOn', on: 0 },
      { do: 'clock', ms: 10_000 },
    ],
  },
  {
    fault: 'the same of an operation that could keep only some of its blocks',
    steps: [
      { do: 'put', on: 0, dag: 2 },
      { do: 'clock', ms: 7_200_000 },
      { do: 'sweep', on: 1 },
      { do: 'sweepOn', on: 1 },
      { do: 'sweepOn', on: 1 },
      { do: 'keep', on: 0, dag: 1 },
      { do: 'sweepEnd', on: 1 },
    ],
  },
  {
    fault:
      'the model took old blocks for spared that a pin had kept for a moment of the collection, without touching them',
    steps: [
      { do: 'put', on: 0, dag: 2 },
      { do: 'clock', ms: 7_200_000 },
      { do: 'sweep', on: 2 },
      { do: 'sweepOn', on: 2 },
      { do: 'sweepOn', on: 2 },
      { do: 'walk', on: 0, dag: 2, name: '' },
      { do: 'sweepOn', on: 2 },
      { do: 'unpin', on: 0, dag: 2, name: '' },
      { do: 'put', on: 0, dag: 0 },
      { do: 'clock', ms: 7_200_000 },
      { do: 'sweepOn', on: 2 },
      { do: 'sweepOn', on: 2 },
      { do: 'hold', on: 0, dag: 0 },
      { do: 'more', on: 0 },
      { do: 'sweepOn', on: 2 },
      { do: 'pinIt', on: 0 },
    ],
  },
  // Found with faults planted (test/crash/planted): the shortest runs that show them.
  {
    fault: 'planted: the threshold taken at the sweep loses what an operation held that ended after the mark',
    steps: [
      { do: 'hold', on: 0, dag: 0 },
      { do: 'more', on: 0 },
      { do: 'sweep', on: 1 },
      { do: 'sweepOn', on: 1 },
      { do: 'sweepOn', on: 1 },
      { do: 'finish', on: 0 },
      { do: 'clock', ms: 7_200_000 },
      { do: 'sweepOn', on: 1 },
      { do: 'sweepEnd', on: 1 },
    ],
  },
  {
    fault: 'planted: a sweep that ignores the epoch loses what an operation has flushed',
    steps: [
      { do: 'hold', on: 0, dag: 3 },
      { do: 'more', on: 0 },
      { do: 'gc', on: 1 },
      { do: 'pinIt', on: 0 },
    ],
  },
  {
    fault: 'planted: a lease that is ignored loses what its operation holds',
    steps: [
      { do: 'put', on: 0, dag: 0 },
      { do: 'clock', ms: 7_200_000 },
      { do: 'keep', on: 0, dag: 0 },
      { do: 'flush', on: 0 },
      { do: 'gc', on: 1 },
      { do: 'pinIt', on: 0 },
    ],
  },
]
