// The daily backup of the repository, made while a daemon runs (spec: store §1).

import { setTimeout } from 'node:timers/promises'
import type { UpkeepTask } from './upkeep.ts'

/** A daemon that has just started has better things to do; one that is restarted every few minutes still gets to it. */
const FIRST_MS = 60_000
const LOOK_MS = 3_600_000

export const keepDailyBackups: UpkeepTask = async ({ chores, log, signal }) => {
  try {
    for (let waitMs = FIRST_MS; ; waitMs = LOOK_MS) {
      await setTimeout(waitMs, undefined, { signal, ref: false })
      for await (const _ of chores.run('daily', {}, { signal }));
    }
  } catch (error) {
    if (!signal.aborted) log.error('no daily backups are made any more', { err: error })
  }
}
