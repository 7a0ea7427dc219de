// Giving free pages of the database back to the disk, a few at a time (spec: store §6.7).

import { type GcWait, paceOf, transactGently } from '../collect/throttle.ts'
import type { Store } from '../store.ts'

const PAGES_PER_TRANSACTION = 400
/** Kept for the next writes: a page that is given back is soon asked for again. */
const SPARE_PAGES = 256

/** Resolves with the bytes given back; the file itself shrinks at the next checkpoint. */
export async function vacuumDatabase(store: Store, wait: GcWait): Promise<number> {
  const pace = paceOf(wait)
  const pragma = (name: string): number => Number(Object.values(store.database.get(`PRAGMA ${name}`) ?? {})[0] ?? 0)
  const before = pragma('freelist_count')
  let left = before
  while (left > SPARE_PAGES) {
    await pace()
    await transactGently(store, wait, tx => tx.all(`PRAGMA incremental_vacuum(${PAGES_PER_TRANSACTION})`))
    const now = pragma('freelist_count')
    if (now >= left) break
    left = now
  }
  return Math.max(0, before - left) * pragma('page_size')
}
