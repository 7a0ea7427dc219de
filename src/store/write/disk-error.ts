// What a failed write or sync means: no room is a state that passes, anything else is a disk not to be trusted (spec: store §7).

import { CairnError, isCairnError } from '../../errors.ts'

/** The process has too many files open, or the system: passes too, and says nothing of the disk. */
const NO_DESCRIPTOR = new Set(['EMFILE', 'ENFILE'])

export function explainDisk(error: unknown, file: string): CairnError {
  if (isCairnError(error)) return error
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new CairnError('NO_SPACE', `the disk is full: ${file} could not be written`, { cause: error })
  if (NO_DESCRIPTOR.has(code))
    return new CairnError('TOO_MANY_REQUESTS', `too many files are open: ${file} could not be`, { cause: error })
  return new CairnError('READ_ONLY', `the disk refused to write ${file}`, { cause: error })
}
