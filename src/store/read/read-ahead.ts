// Reading ahead in packs: small blocks that were stored one after another are read so too, and one read of the disk brings many.

import type { BorrowedBlock } from '../../block/source.ts'
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
/** Windows that wait for their next use: fresh memory costs more than reading into it. */
const SPARE_WINDOWS = 8

/** Bytes of a pack that were read in one piece. It is filled anew only when nobody has a view of it. */
interface Window {
  readonly bytes: Uint8Array
  at: number
  /** Bytes of it that are there; `loading` says when. */
  filledBytes: number
  loading: Promise<void> | undefined
  views: number
}

/** A row of blocks in one pack: where it has come to, and what was read of it ahead. */
interface Row {
  readonly pack: number
  /** Behind the last block that was asked for. */
  end: number
  window: Window | undefined
}

export class ReadAhead {
  readonly #packs: Pick<PackFiles, 'read' | 'readSome'>
  /** The one used last at the end. */
  readonly #rows: Row[] = []
  readonly #spare: Window[] = []

  constructor(packs: Pick<PackFiles, 'read' | 'readSome'>) {
    this.#packs = packs
  }

  /** A view of bytes that are there already, good until it is released. */
  lend(pack: number, at: number, sizeBytes: number): BorrowedBlock | undefined {
    const row = this.#holding(pack, at, sizeBytes)
    const window = row?.window
    if (row === undefined || window === undefined || window.loading !== undefined) return undefined
    row.end = Math.max(row.end, at + sizeBytes)
    window.views++
    let isLent = true
    const release = () => {
      if (isLent) window.views--
      isLent = false
    }
    return { bytes: viewOf(window, at, sizeBytes), release }
  }

  /** As `PackFiles.read`. What was read ahead is of the past: who finds it bad calls `forget`, and reads again. */
  async read(pack: number, at: number, into: Uint8Array, sizeBytes: number): Promise<boolean> {
    if (sizeBytes > LARGE_BYTES) return this.#packs.read(pack, at, into, sizeBytes)
    const row = this.#holding(pack, at, sizeBytes) ?? this.#follow(pack, at, sizeBytes)
    const window = row?.window
    if (row === undefined || window === undefined) return this.#packs.read(pack, at, into, sizeBytes)
    row.end = Math.max(row.end, at + sizeBytes)
    window.views++
    try {
      if (window.loading !== undefined) await window.loading
      // Behind the pack's end at that time there was nothing.
      if (!isIn(window, at, sizeBytes)) return this.#packs.read(pack, at, into, sizeBytes)
      into.set(viewOf(window, at, sizeBytes))
      return true
    } finally {
      window.views--
    }
  }

  /** Nothing that was read ahead around there is used any more. */
  forget(pack: number, at: number): void {
    for (const row of this.#rows) {
      if (row.pack === pack && row.window !== undefined && isIn(row.window, at, 1)) row.window = undefined
    }
  }

  #holding(pack: number, at: number, sizeBytes: number): Row | undefined {
    return this.#rows.findLast(row => row.pack === pack && row.window !== undefined && isIn(row.window, at, sizeBytes))
  }

  /** The row that this block goes on with, and its next window on the way; undefined for the first block of a row. */
  #follow(pack: number, at: number, sizeBytes: number): Row | undefined {
    const index = this.#rows.findLastIndex(row => row.pack === pack && at >= row.end && at - row.end <= GAP_BYTES)
    const [row] = index < 0 ? [] : this.#rows.splice(index, 1)
    if (row === undefined) {
      if (this.#rows.length >= ROWS) this.#keep(this.#rows.shift()?.window)
      this.#rows.push({ pack, end: at + sizeBytes, window: undefined })
      return undefined
    }
    this.#rows.push(row)
    const window = this.#take(row.window)
    Object.assign(window, { at, filledBytes: 0 })
    row.window = window
    window.loading = this.#load(pack, window)
    return row
  }

  #take(last: Window | undefined): Window {
    const length = Math.min(MOST_BYTES, last === undefined ? FIRST_BYTES : last.bytes.byteLength * 2)
    if (last?.bytes.byteLength === length && isFree(last)) return last
    this.#keep(last)
    const index = length === MOST_BYTES ? this.#spare.findIndex(isFree) : -1
    const [spare] = index < 0 ? [] : this.#spare.splice(index, 1)
    return spare ?? { bytes: new Uint8Array(length), at: 0, filledBytes: 0, loading: undefined, views: 0 }
  }

  #keep(window: Window | undefined): void {
    if (window?.bytes.byteLength === MOST_BYTES && this.#spare.length < SPARE_WINDOWS) this.#spare.push(window)
  }

  async #load(pack: number, window: Window): Promise<void> {
    try {
      window.filledBytes = await this.#packs.readSome(pack, window.at, window.bytes, window.bytes.byteLength)
    } finally {
      window.loading = undefined
    }
  }
}

const isFree = ({ views, loading }: Window): boolean => views === 0 && loading === undefined

const isIn = ({ at: windowAt, bytes, filledBytes, loading }: Window, at: number, sizeBytes: number): boolean =>
  at >= windowAt && at + sizeBytes <= windowAt + (loading === undefined ? filledBytes : bytes.byteLength)

const viewOf = ({ bytes, at: windowAt }: Window, at: number, sizeBytes: number): Uint8Array =>
  bytes.subarray(at - windowAt, at - windowAt + sizeBytes)
