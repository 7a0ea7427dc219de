// What a failed write or sync means: no room is a state that passes, anything else is a disk not to be trusted (spec: store §7).

import { CairnError } from '../../errors.ts'

export function explainDisk(error: unknown, file: string): CairnError {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new CairnError('NO_SPACE', `the disk is full: ${file} could not be written`, { cause: error })
  return new CairnError('READ_ONLY', `the disk refused to write ${file}`, { cause: error })
}
