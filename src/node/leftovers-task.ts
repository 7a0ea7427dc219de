// A daemon that starts clears away what died before it.

import { setTimeout } from 'node:timers/promises'
import type { UpkeepTask } from './upkeep.ts'

/** The first answers come first. */
const FIRST_MS = 1_000

export const clearLeftovers: UpkeepTask = async ({ chores, log, signal }) => {
  try {
    await setTimeout(FIRST_MS, undefined, { signal, ref: false })
    for await (const { removed } of chores.run('leftovers', {}, { signal }))
      if (removed > 0) log.info('half-written files of dead processes removed', { files: removed })
  } catch (error) {
    if (!signal.aborted) log.warn('half-written files of dead processes were left', { err: error })
  }
}
