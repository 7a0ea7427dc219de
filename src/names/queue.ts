// How many questions about names may be under way at once.

import { CairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'

/** TOO_MANY_REQUESTS if so many questions are under way that another one would only be in their way. */
export function enforceQueue(running: number, what: string): void {
  if (running >= LIMITS.nameLookups.value)
    throw new CairnError('TOO_MANY_REQUESTS', `${running} ${what} are under way already`)
}
