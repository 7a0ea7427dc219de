// Eviction: cached blocks go, least recently used first. No mark is needed: nothing a complete pin reaches is cached (spec: store §4.6).

import type { Transaction } from '../database/database.ts'
import type { Store } from '../store.ts'
import { Books, type PlacedBlock } from '../write/books.ts'
import { workOffDead } from './dead.ts'
import { type GcWait, paceOf, transactGently } from './throttle.ts'

interface CachedBlock extends PlacedBlock {
  /** Of the last use. */
  readonly hour: number
}

const PAGE_ROWS = 1000

const SELECT_PAGE = `
  SELECT c.mh, c.hour, b.size, b.pack, b.at FROM cache_use c JOIN blocks b ON b.mh = c.mh AND b.kept = 0
  WHERE c.mh > ? ORDER BY c.mh LIMIT ${PAGE_ROWS}`

/** Frees at least `wantedBytes`, or all that the cache holds; resolves with the bytes that went. */
export async function evictCache(store: Store, wantedBytes: number, wait: GcWait): Promise<number> {
  const lastHour = await hourThatSuffices(store, wantedBytes, wait)
  let goneBytes = 0
  for (const whole of [true, false]) {
    for await (const page of pages(store, wait)) {
      if (goneBytes >= wantedBytes) break
      const victims = page.filter(({ hour }) => (whole ? hour < lastHour : hour === lastHour))
      if (victims.length === 0) continue
      goneBytes += await transactGently(store, wait, tx => dropCached(tx, victims, wantedBytes - goneBytes))
    }
  }
  if (goneBytes > 0) await workOffDead(store, wait)
  return goneBytes
}

/** What was last used up to this hour is enough. */
async function hourThatSuffices(store: Store, wantedBytes: number, wait: GcWait): Promise<number> {
  const bytesByHour = new Map<number, number>()
  for await (const page of pages(store, wait)) {
    for (const { hour, size } of page) bytesByHour.set(hour, (bytesByHour.get(hour) ?? 0) + size)
  }
  let bytes = 0
  for (const [hour, more] of [...bytesByHour].sort(([a], [b]) => a - b)) {
    bytes += more
    if (bytes >= wantedBytes) return hour
  }
  return Number.MAX_SAFE_INTEGER
}

async function* pages(store: Store, wait: GcWait): AsyncGenerator<CachedBlock[]> {
  const pace = paceOf(wait)
  let after: Uint8Array = new Uint8Array(0)
  for (;;) {
    await pace()
    const page = store.database.all<CachedBlock>(SELECT_PAGE, after)
    yield page
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_ROWS) return
    after = last.mh
  }
}

/** A row that became kept, or went, since it was read is left alone. */
function dropCached(tx: Transaction, victims: readonly CachedBlock[], wantedBytes: number): number {
  const books = new Books(tx)
  let goneBytes = 0
  for (const block of victims) {
    if (goneBytes >= wantedBytes) break
    const { mh, pack, at, size } = block
    if (tx.run('DELETE FROM blocks WHERE mh = ? AND kept = 0 AND pack = ? AND at = ?', mh, pack, at) === 0) continue
    tx.run('DELETE FROM cache_use WHERE mh = ?', mh)
    books.rowDeleted(block)
    goneBytes += size
  }
  books.close()
  return goneBytes
}
