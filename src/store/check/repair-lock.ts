// One repair at a time: two would mend the same thing twice, and a difference added twice is an error again.

import { join } from 'node:path'
import { CairnError } from '../../errors.ts'
import { lockHolder, takeLock } from '../database/kernel-lock.ts'
import type { Store } from '../store.ts'

/** READ_ONLY where nothing can be mended, REPO_LOCKED while another repair runs. */
export function holdRepairLock({ database, path }: Store): Disposable {
  if (database.readOnly)
    throw new CairnError('READ_ONLY', `${path} cannot be written`, { hint: 'make the repository writable' })
  const file = join(path, 'repair.lock')
  const lock = takeLock(file)
  if (lock !== undefined) return lock
  throw new CairnError('REPO_LOCKED', 'a repair runs already', {
    hint: `wait for it: process ${lockHolder(file) ?? 'unknown'}`,
  })
}
