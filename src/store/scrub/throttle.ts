// How fast the scrub may be: so many bytes a second at most, and hardly any while the machine has other work.

import { availableParallelism, loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Wait } from '../../block/source.ts'
import { MiB } from '../../units.ts'

export interface ThrottleOptions extends Wait {
  /** Bytes a second; 0: as fast as it goes. */
  readonly rateBytes: number
  /** Processes that want to run, for each processor. */
  readonly load?: () => number
}

/** Between two sleeps so much is read: a timer for each block would be coarser than the block. */
const STEP_BYTES = MiB / 8
const BUSY = 1.5
const BUSY_LOOK_MS = 1000
/** A machine that is always busy is scrubbed all the same, at an eleventh of the rate. */
const BUSY_LOOKS = 10

const machineLoad = (): number => (loadavg()[0] ?? 0) / availableParallelism()

/** To be called with the bytes of each block that was read. */
export function createThrottle({ rateBytes, load = machineLoad, signal }: ThrottleOptions) {
  let since = performance.now()
  let bytes = 0
  let bytesSinceLook = Number.POSITIVE_INFINITY
  return async (sizeBytes: number): Promise<void> => {
    bytes += sizeBytes
    if (rateBytes === 0 || bytes < STEP_BYTES) return
    const tookMs = performance.now() - since
    const restMs = (bytes / rateBytes) * 1000 - tookMs
    if (restMs > 0) await sleep(restMs, undefined, { signal })
    bytesSinceLook += bytes
    if (bytesSinceLook >= rateBytes) {
      bytesSinceLook = 0
      for (let looks = 0; looks < BUSY_LOOKS && load() > BUSY; looks++) await sleep(BUSY_LOOK_MS, undefined, { signal })
    }
    since = performance.now()
    bytes = 0
  }
}
