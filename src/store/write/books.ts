// The counters, the live bytes of packs and the dead list, kept in the transaction that changes rows (spec: store §6.5).

import type { Transaction } from '../database/database.ts'
import { PLACE_BAD, PLACE_FILE, PLACE_INLINE, RECORD_OVERHEAD } from '../database/schema.ts'

/** A row of `blocks`, as far as its place is concerned. */
export interface PlacedBlock {
  readonly mh: Uint8Array
  readonly size: number
  readonly pack: number
  readonly at: number
}

/** Bytes a block takes in a pack. */
export const recordBytes = (mh: Uint8Array, sizeBytes: number): number => RECORD_OVERHEAD + mh.byteLength + sizeBytes

type CounterName = 'blocks' | 'block_bytes' | 'inline_bytes' | 'pack_bytes' | 'file_bytes'

/** Gathers the changes of one transaction; `close` writes them as its last act. */
export class Books {
  readonly #tx: Transaction
  readonly #counters = new Map<CounterName, number>()
  readonly #live = new Map<number, number>()

  constructor(tx: Transaction) {
    this.#tx = tx
  }

  rowInserted(row: PlacedBlock): void {
    this.#count('blocks', 1)
    this.#count('block_bytes', row.size)
    this.placeTaken(row)
  }

  /** To be called after the row was deleted. */
  rowDeleted(row: PlacedBlock): void {
    this.#count('blocks', -1)
    this.#count('block_bytes', -row.size)
    this.placeLeft(row)
  }

  placeTaken({ mh, size, pack }: PlacedBlock): void {
    if (pack === PLACE_INLINE) this.#count('inline_bytes', size)
    else if (pack === PLACE_FILE) this.#count('file_bytes', size)
    else if (pack > 0) this.#grow(pack, recordBytes(mh, size))
  }

  /** To be called after the row points elsewhere or is gone: the bytes are unlinked later, by whoever works off `dead`. */
  placeLeft({ mh, size, pack, at }: PlacedBlock): void {
    if (pack === PLACE_BAD) return
    if (pack === PLACE_INLINE) {
      this.#tx.run('DELETE FROM data WHERE id = ?', at)
      this.#count('inline_bytes', -size)
    } else if (pack === PLACE_FILE) {
      this.#tx.run('INSERT INTO dead (pack, mh, size) VALUES (?, ?, ?)', PLACE_FILE, mh, size)
    } else {
      this.#grow(pack, -recordBytes(mh, size))
    }
  }

  packGrew(sizeBytes: number): void {
    this.#count('pack_bytes', sizeBytes)
  }

  /** A dead file or pack was unlinked; `sizeBytes` is the file's size, or what the pack's row said was committed. */
  unlinked(kind: 'file' | 'pack', sizeBytes: number): void {
    this.#count(kind === 'file' ? 'file_bytes' : 'pack_bytes', -sizeBytes)
  }

  /** Whether the repository holds more now: what only touches rows needs no room. */
  get grows(): boolean {
    return [...this.#counters.values()].some(change => change > 0)
  }

  close(): void {
    for (const [name, change] of this.#counters) {
      if (change !== 0) this.#tx.run('UPDATE counters SET value = value + ? WHERE name = ?', change, name)
    }
    for (const [pack, change] of this.#live) {
      if (change !== 0) this.#tx.run('UPDATE packs SET live = live + ? WHERE id = ?', change, pack)
    }
  }

  #count(name: CounterName, change: number): void {
    this.#counters.set(name, (this.#counters.get(name) ?? 0) + change)
  }

  #grow(pack: number, change: number): void {
    this.#live.set(pack, (this.#live.get(pack) ?? 0) + change)
  }
}
