// The background tasks of a daemon, one line each.

import { keepDailyBackups } from './daily-backup.ts'
import { followDenylists, updateDenylists } from './deny-task.ts'
import { clearLeftovers } from './leftovers-task.ts'
import { workPins } from './pin-task.ts'
import { collectRegularly, keepRoom } from './room-task.ts'
import { scrubRegularly } from './scrub-task.ts'
import type { UpkeepTask } from './upkeep.ts'

export const UPKEEP_TASKS: readonly UpkeepTask[] = [
  clearLeftovers,
  workPins,
  followDenylists,
  updateDenylists,
  keepDailyBackups,
  keepRoom,
  collectRegularly,
  scrubRegularly,
]
