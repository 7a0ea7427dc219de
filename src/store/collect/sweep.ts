// Sweep: takes unmarked rows that are older than every living operation out of the index, in short transactions (spec: store §6.2, §6.7).

import type { Transaction } from '../database/database.ts'
import type { Store } from '../store.ts'
import { Books, type PlacedBlock } from '../write/books.ts'
import { type GcWait, paceOf, transactGently } from './throttle.ts'

/** What the roots keep, as of some version of them. */
export interface RootMarks {
  readonly rootsVersion: number
  has(multihash: Uint8Array): boolean
  /** Adds the roots that have come since. */
  markRoots(): Promise<void>
}

export interface SweepOptions extends GcWait {
  readonly store: Store
  readonly marks: RootMarks
  /** Rows of this epoch or later are never touched. */
  readonly threshold: number
  /** Tells what would go, and leaves it. */
  readonly dryRun: boolean
  /** Called for each page of the index that was looked at. */
  readonly onPage?: (page: SweepPage) => void
}

export interface SweepPage {
  readonly rows: number
  /** What nothing keeps, but is too young to go. */
  readonly heldBlocks: number
  readonly heldBytes: number
}

export interface SweepRow extends PlacedBlock {
  readonly kept: number
  readonly epoch: number
}

const PAGE_ROWS = 2500
/** A transaction ends after so long even if rows are left: others wait for the mutex. */
const TRANSACTION_MS = 4
const ROWS_BETWEEN_LOOKS = 64

const SELECT_PAGE = `SELECT mh, size, kept, pack, at, epoch FROM blocks WHERE mh > ? ORDER BY mh LIMIT ${PAGE_ROWS}`
/** A row that has moved or was touched since it was read is left alone: somebody needs it. */
const DELETE_ROW = 'DELETE FROM blocks WHERE mh = ? AND epoch < ? AND pack = ? AND at = ?'

/** Yields what has gone, transaction by transaction. */
export async function* sweep(options: SweepOptions): AsyncGenerator<readonly SweepRow[]> {
  const { store, marks, threshold, dryRun, onPage } = options
  const pace = paceOf(options)
  let after: Uint8Array = new Uint8Array(0)
  for (;;) {
    await pace()
    const page = store.database.all<SweepRow>(SELECT_PAGE, after)
    const last = page.at(-1)
    if (last === undefined) return
    after = last.mh
    const victims = page.filter(row => row.epoch < threshold && !marks.has(row.mh))
    onPage?.(countPage(page, options))
    if (dryRun && victims.length > 0) yield victims
    else if (victims.length > 0) yield* dropAll(options, victims)
    if (page.length < PAGE_ROWS) return
  }
}

function countPage(page: readonly SweepRow[], { threshold, marks }: SweepOptions): SweepPage {
  const held = page.filter(row => row.epoch >= threshold && !marks.has(row.mh))
  return { rows: page.length, heldBlocks: held.length, heldBytes: held.reduce((sum, { size }) => sum + size, 0) }
}

async function* dropAll(options: SweepOptions, victims: readonly SweepRow[]): AsyncGenerator<readonly SweepRow[]> {
  const { store, marks, threshold, signal } = options
  for (let rest = victims; rest.length > 0; ) {
    signal.throwIfAborted()
    const outcome = await transactGently(store, options, tx => dropSome(tx, rest, marks.rootsVersion, threshold))
    if (outcome === 'roots changed') {
      await marks.markRoots()
      rest = rest.filter(row => !marks.has(row.mh))
    } else {
      yield outcome.dropped
      rest = rest.slice(outcome.looked)
    }
  }
}

function dropSome(tx: Transaction, rows: readonly SweepRow[], rootsVersion: number, threshold: number) {
  const now = tx.get<{ value: number }>("SELECT value FROM meta WHERE key = 'roots_version'")?.value
  if (now !== rootsVersion) return 'roots changed' as const
  const endsAt = performance.now() + TRANSACTION_MS
  const books = new Books(tx)
  const dropped: SweepRow[] = []
  let looked = 0
  for (const row of rows) {
    looked++
    if (tx.run(DELETE_ROW, row.mh, threshold, row.pack, row.at) === 1) {
      if (row.kept === 0) tx.run('DELETE FROM cache_use WHERE mh = ?', row.mh)
      books.rowDeleted(row)
      dropped.push(row)
    }
    if (looked % ROWS_BETWEEN_LOOKS === 0 && performance.now() > endsAt) break
  }
  books.close()
  return { dropped, looked }
}
