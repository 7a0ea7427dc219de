// Where a committed block goes, and what becomes of a row that is there already (spec: store §4.2, §4.5, §4.6).

import type { Database, Transaction } from '../database/database.ts'
import { PLACE_BAD, PLACE_FILE, PLACE_INLINE } from '../database/schema.ts'
import { BOOT_MARK } from '../read/boot.ts'
import type { Books, PlacedBlock } from './books.ts'
import type { BlockFiles, StagedFile } from './files.ts'
import { HAS_LINKS, type RecordHeader } from './record.ts'

export const readEpoch = (reader: Pick<Transaction, 'get'>): number =>
  reader.get<{ value: number }>("SELECT value FROM meta WHERE key = 'epoch'")?.value ?? 1

/** Bytes that are ready: durable already, or becoming so with the transaction (inline). */
export type Place =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | { readonly kind: 'pack'; readonly pack: number; readonly at: number }
  | { readonly kind: 'file'; readonly staged: StagedFile; readonly files: BlockFiles }

interface OldRow extends PlacedBlock {
  readonly kept: number
}

export interface Placing {
  readonly tx: Transaction
  readonly books: Books
  /** Of the repository, now. */
  readonly epoch: number
}

const SELECT = 'SELECT mh, size, pack, at, kept FROM blocks WHERE mh = ?'
const INSERT = 'INSERT INTO blocks (mh, size, crc, kept, links, pack, at, epoch) VALUES (?, ?, ?, ?, ?, ?, ?, ?)'
const INSERT_NEW = `INSERT INTO blocks (mh, size, crc, kept, links, pack, at, epoch) VALUES (?, ?, ?, 1, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
const SWITCH = `UPDATE blocks SET size = ?, crc = ?, kept = 1, links = max(links, ?), pack = ?, at = ?, epoch = ? WHERE mh = ?`
const TOUCH = `UPDATE blocks SET epoch = max(epoch, ?), links = max(links, ?) WHERE mh = ? AND kept = 1 AND pack <> ${PLACE_BAD}`

interface IndexRow {
  readonly kept: number
  readonly pack: number
  readonly links: number
  readonly epoch: number
}

const SELECT_INDEX = 'SELECT kept, pack, links, epoch FROM blocks WHERE mh = ?'

const isKept = (row: IndexRow | undefined, epoch: number, links: number): boolean =>
  row !== undefined && row.kept === 1 && row.pack !== PLACE_BAD && row.epoch >= epoch && row.links >= links

/**
 * Which of the records have a kept row, and which of these need nothing at all: a row of the epoch that is now is of the
 * epoch of every operation that lives, or later, and is not swept before they end (spec: store §4.5).
 */
export function findPresent(database: Database, records: readonly RecordHeader[]): Map<RecordHeader, 'safe' | 'old'> {
  const present = new Map<RecordHeader, 'safe' | 'old'>()
  // One read transaction for all: outside one each look takes locks of its own.
  database.connection.exec('BEGIN')
  try {
    const epoch = readEpoch(database)
    for (const record of records) {
      const row = database.get<IndexRow>(SELECT_INDEX, record.mh)
      if (isKept(row, 0, 0)) present.set(record, isKept(row, epoch, linksOf(record)) ? 'safe' : 'old')
    }
    return present
  } finally {
    database.connection.exec('COMMIT')
  }
}

const linksOf = ({ flags }: RecordHeader): number => ((flags & HAS_LINKS) === 0 ? 0 : 1)

/** Kept beats cached and bad; else the first stays, and the bytes brought along count for nothing. */
export function placeKept(placing: Placing, record: RecordHeader, place: Place): void {
  const { tx, books, epoch } = placing
  const { mh, size, crc } = record
  if (place.kind === 'pack' && tx.run(INSERT_NEW, mh, size, crc, linksOf(record), place.pack, place.at, epoch) === 1) {
    books.rowInserted({ mh, size, pack: place.pack, at: place.at })
    return
  }
  const old = tx.get<OldRow>(SELECT, mh)
  if (old === undefined) {
    const { pack, at } = take(tx, place, 0)
    tx.run(INSERT, mh, size, crc, 1, linksOf(record), pack, at, epoch)
    books.rowInserted({ mh, size, pack, at })
  } else if (old.kept === 1 && old.pack !== PLACE_BAD) {
    touch(placing, record)
  } else {
    const { pack, at } = take(tx, place, 0)
    tx.run(SWITCH, size, crc, linksOf(record), pack, at, epoch, mh)
    // A file over a file: the name is the same, and nothing of the old one is left to unlink.
    if (pack === PLACE_FILE && old.pack === PLACE_FILE) return
    books.placeLeft(old)
    books.placeTaken({ mh, size, pack, at })
    tx.run('DELETE FROM cache_use WHERE mh = ?', mh)
  }
}

/** False if there is no such kept row. One of this epoch needs no write: nothing sweeps it. */
export function touch({ tx, epoch }: Placing, record: RecordHeader): boolean {
  if (isKept(tx.get<IndexRow>(SELECT_INDEX, record.mh), epoch, linksOf(record))) return true
  return tx.run(TOUCH, epoch, linksOf(record), record.mh) === 1
}

/** Whatever row is there stays. */
export function placeCached({ tx, books, epoch }: Placing, record: RecordHeader, place: Place): void {
  const { mh, size, crc } = record
  if (tx.get(SELECT, mh) !== undefined) return
  const { pack, at } = take(tx, place, BOOT_MARK)
  tx.run(INSERT, mh, size, crc, 0, linksOf(record), pack, at, epoch)
  tx.run('INSERT OR REPLACE INTO cache_use (mh, hour) VALUES (?, ?)', mh, Math.floor(Date.now() / 3_600_000))
  books.rowInserted({ mh, size, pack, at })
}

function take(tx: Transaction, place: Place, fileMark: number): { pack: number; at: number } {
  if (place.kind === 'pack') return place
  if (place.kind === 'inline')
    return { pack: PLACE_INLINE, at: tx.insert('INSERT INTO data (bytes) VALUES (?)', place.bytes) }
  place.files.place(place.staged)
  return { pack: PLACE_FILE, at: fileMark }
}
