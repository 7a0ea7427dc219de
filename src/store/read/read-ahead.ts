// Reading ahead in packs: small blocks that were stored one after another are read so too, and one read of the disk brings many.

import { KiB } from '../../units.ts'
import type { PackFiles } from './pack-files.ts'

/** Larger blocks are a read of their own: nothing is gained, and every byte would be copied. */
const LARGE_BYTES = 32 * KiB
/** Windows begin small: a few blocks in a row may be chance. */
const FIRST_BYTES = 64 * KiB
const MOST_BYTES = 512 * KiB
/** What may lie between two blocks of a row: heads of records, and blocks that are not wanted. */
const GAP_BYTES = 32 * KiB
/** Rows that are followed at once, each with one window. */
const ROWS = 16

/** A row of blocks in one pack: where it has come to, and what was read of it ahead. */
interface Row {
  readonly pack: number
  /** Behind the last block that was asked for. */
  end: number
  windowAt: number
  window: Uint8Array
  /** Bytes of the window that are there; `loading` says when. */
  filledBytes: number
  loading: Promise<void> | undefined
}

type Packs = Pick<PackFiles, 'read' | 'readSome'>

const NONE = new Uint8Array(0)

export class ReadAhead {
  readonly #packs: Packs
  /** The one used last at the end. */
  readonly #rows: Row[] = []

  constructor(packs: Packs) {
    this.#packs = packs
  }

  /** A view of bytes that are there already. Whoever keeps them copies them. */
  peek(pack: number, at: number, sizeBytes: number): Uint8Array | undefined {
    const row = this.#holding(pack, at, sizeBytes)
    if (row === undefined || row.loading !== undefined) return undefined
    row.end = Math.max(row.end, at + sizeBytes)
    return viewOf(row, at, sizeBytes)
  }

  /** As `PackFiles.read`. What was read ahead is of the past: who finds it bad calls `forget`, and reads again. */
  async read(pack: number, at: number, into: Uint8Array, sizeBytes: number): Promise<boolean> {
    if (sizeBytes > LARGE_BYTES) return this.#packs.read(pack, at, into, sizeBytes)
    const row = this.#holding(pack, at, sizeBytes) ?? this.#follow(pack, at, sizeBytes)
    if (row === undefined) return this.#packs.read(pack, at, into, sizeBytes)
    row.end = Math.max(row.end, at + sizeBytes)
    const { window, windowAt } = row
    if (row.loading !== undefined) await row.loading
    // The window may have moved on meanwhile; behind the pack's end at that time there was nothing.
    const isHeld = row.window === window && row.windowAt === windowAt && at + sizeBytes <= windowAt + row.filledBytes
    if (!isHeld) return this.#packs.read(pack, at, into, sizeBytes)
    into.set(viewOf(row, at, sizeBytes))
    return true
  }

  /** Nothing that was read ahead around there is used any more. */
  forget(pack: number, at: number): void {
    for (const row of this.#rows)
      if (row.pack === pack && isIn(row, at, 1))
        Object.assign(row, { window: NONE, filledBytes: 0, loading: undefined })
  }

  #holding(pack: number, at: number, sizeBytes: number): Row | undefined {
    return this.#rows.findLast(row => row.pack === pack && isIn(row, at, sizeBytes))
  }

  /** The row that this block goes on with, and its next window on the way; undefined for the first block of a row. */
  #follow(pack: number, at: number, sizeBytes: number): Row | undefined {
    const index = this.#rows.findLastIndex(row => row.pack === pack && at >= row.end && at - row.end <= GAP_BYTES)
    const [row] = index < 0 ? [] : this.#rows.splice(index, 1)
    if (row === undefined) {
      if (this.#rows.length >= ROWS) this.#rows.shift()
      const end = at + sizeBytes
      this.#rows.push({ pack, end, windowAt: at, window: NONE, filledBytes: 0, loading: undefined })
      return undefined
    }
    this.#rows.push(row)
    const length = Math.min(MOST_BYTES, Math.max(FIRST_BYTES, row.window.byteLength * 2))
    const window = length === row.window.byteLength && row.loading === undefined ? row.window : new Uint8Array(length)
    Object.assign(row, { window, windowAt: at, filledBytes: 0 })
    row.loading = this.#load(row, window)
    return row
  }

  async #load(row: Row, window: Uint8Array): Promise<void> {
    try {
      const filledBytes = await this.#packs.readSome(row.pack, row.windowAt, window, window.byteLength)
      if (row.window !== window) return
      row.filledBytes = filledBytes
    } finally {
      if (row.window === window) row.loading = undefined
    }
  }
}

const isIn = ({ windowAt, window, filledBytes, loading }: Row, at: number, sizeBytes: number): boolean =>
  at >= windowAt && at + sizeBytes <= windowAt + (loading === undefined ? filledBytes : window.byteLength)

const viewOf = ({ window, windowAt }: Row, at: number, sizeBytes: number): Uint8Array =>
  window.subarray(at - windowAt, at - windowAt + sizeBytes)
