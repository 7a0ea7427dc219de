// Opening a file to read it that need not be there.

import { openSync } from 'node:fs'

/** Its descriptor, or undefined. */
export function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
