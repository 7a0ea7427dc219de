// The background tasks of a daemon, one line each.

import type { UpkeepTask } from './upkeep.ts'

export const UPKEEP_TASKS: readonly UpkeepTask[] = []
