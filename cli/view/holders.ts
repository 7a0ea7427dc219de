// Who holds garbage back, as words: which process, doing what, since when, and what to do if it is stopped.

import type { SpaceHolder } from '../../src/api/repo.ts'
import { formatDuration } from '../../src/units.ts'

export function holderText({ why, kind, pid, since, stopped, count }: SpaceHolder): string {
  const age = formatDuration(Math.max(0, Date.now() - since))
  if (why === 'grace') {
    const what =
      count === 1
        ? '1 operation without a pin that ended'
        : `${count} operations without a pin, the first of which ended`
    return `${what} ${age} ago (store.grace)`
  }
  const state = stopped ? `; it is stopped: kill -CONT ${pid} lets it go on` : ''
  return `process ${pid}: ${kind} for ${age}${state}`
}
