// Places that somebody chose to write to: made if they can be; if not, it is said what is wrong with them.

import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { getSystemErrorMessage } from 'node:util'
import { CairnError } from './errors.ts'

/** What the system says of a place that was badly chosen, or cannot do what others can. */
const REFUSALS = new Set(
  'EACCES EPERM EROFS ENOENT ENOTDIR EISDIR EEXIST ENAMETOOLONG ELOOP ENOSYS ENOTSUP EIO'.split(' '),
)

/** Why nothing can be written there, in the system's words; undefined if the failure is of another kind. */
export function whyUnwritable(error: unknown): string | undefined {
  const { code = '', errno, message } = error as NodeJS.ErrnoException
  if (!REFUSALS.has(code)) return undefined
  return errno === undefined ? message : getSystemErrorMessage(errno)
}

/** UNWRITABLE for a place that the system refuses; any other failure as it is. */
export function explainPlace(error: unknown, place: string): unknown {
  const why = whyUnwritable(error)
  return why === undefined
    ? error
    : new CairnError('UNWRITABLE', `${place} cannot be written: ${why}`, { cause: error })
}

/** As `mkdir -p`. Node's own never ends where a folder lets nothing be made in it and says ENOENT, as /proc does. */
export function makeFolders(path: string, mode = 0o777): void {
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return
    const parent = dirname(path)
    if (code !== 'ENOENT' || existsSync(parent)) throw error
    makeFolders(parent, mode)
    makeFolders(path, mode)
  }
}
