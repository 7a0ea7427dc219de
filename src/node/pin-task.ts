// The daemon's part in pinning: it works the queue off.

import { setTimeout } from 'node:timers/promises'
import type { UpkeepTask } from './upkeep.ts'

/** The gateway answers before the network is loaded, which the first walk that misses a block would do. */
const START_MS = 500

export const workPins: UpkeepTask = async ({ node, signal }) => {
  await setTimeout(START_MS, undefined, { signal }).catch(() => undefined)
  if (!signal.aborted) await node.pins.work({ signal })
}
