// Transactions that free room: on a disk that is full they are what the reserve is for (spec: store §7).

import { isCairnError } from '../../errors.ts'
import type { Transaction } from '../database/database.ts'
import { repoPaths } from '../paths.ts'
import { releaseReserve } from '../room/reserve.ts'
import type { Store } from '../store.ts'

/** The next group that puts something fills the reserve again before it writes. */
export async function withReserve<T>(store: Store, attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt()
  } catch (error) {
    if (!isCairnError(error, 'NO_SPACE') || !releaseReserve(repoPaths(store.path).reserve)) throw error
    return attempt()
  }
}

export const transactToFree = <T>(store: Store, work: (tx: Transaction) => T): Promise<T> =>
  withReserve(store, () => store.database.transact(work))
