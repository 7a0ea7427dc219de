// A mark of this boot: unsynced files that another boot wrote may have lost their bytes (spec: store §5).

import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'

/** Above 0 and below 2^48. */
export const BOOT_MARK: number = Number.parseInt(bootId().slice(0, 12), 16) + 1

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').replaceAll('-', '')
  } catch {
    // Elsewhere than on Linux: the time of the boot, to ten seconds. A clock that jumps makes it another boot, which is the safe side.
    return Math.round((Date.now() / 1000 - uptime()) / 10)
      .toString(16)
      .padStart(12, '0')
  }
}
