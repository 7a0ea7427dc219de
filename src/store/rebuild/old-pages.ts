// Rows of the table `data` read straight from the pages of a database that SQLite cannot open any more, and from its WAL.
// (SQLite file format: "B-tree Pages", "Record Format", "The Write-Ahead Log".) What is stale or garbled shows by its hash.

import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { LIMITS } from '../../limits.ts'

export interface FoundBytes {
  readonly id: number
  readonly bytes: Uint8Array
}

const PAGE = 4096
const TABLE_LEAF = 0x0d
const WAL_HEADER = 32
const FRAME_HEADER = 24
/** Of a table's leaf: more payload than this goes to overflow pages, and no less than that stays. */
const LOCAL_MOST = PAGE - 35
const LOCAL_LEAST = Math.floor(((PAGE - 12) * 32) / 255) - 23

/** The file must not be open in this process: its locks would be lost (spec: store §2.1). */
export function* scanPages(file: string): Generator<FoundBytes> {
  if (existsSync(file)) yield* scan(file, { start: 0, stride: PAGE, header: 0, overflowFrom: new PageReader(file) })
  const wal = `${file}-wal`
  if (!existsSync(wal)) return
  const main = new PageReader(file, wal)
  yield* scan(wal, { start: WAL_HEADER, stride: PAGE + FRAME_HEADER, header: FRAME_HEADER, overflowFrom: main })
}

interface Layout {
  readonly start: number
  readonly stride: number
  readonly header: number
  readonly overflowFrom: PageReader
}

function* scan(file: string, { start, stride, header, overflowFrom }: Layout): Generator<FoundBytes> {
  const fd = openSync(file, 'r')
  try {
    const page = Buffer.alloc(PAGE)
    for (let at = start; readSync(fd, page, 0, PAGE, at + header) === PAGE; at += stride)
      if (page[0] === TABLE_LEAF) yield* cells(page, overflowFrom)
  } finally {
    closeSync(fd)
    overflowFrom.close()
  }
}

function* cells(page: Buffer, overflow: PageReader): Generator<FoundBytes> {
  const count = page.readUInt16BE(3)
  for (let i = 0; i < count && 8 + 2 * i + 2 <= PAGE; i++) {
    const at = page.readUInt16BE(8 + 2 * i)
    const found = at >= 8 && at < PAGE - 4 ? cell(page, at, overflow) : undefined
    if (found !== undefined) yield found
  }
}

function cell(page: Buffer, start: number, overflow: PageReader): FoundBytes | undefined {
  const payload = varint(page, start)
  const rowid = varint(page, payload.end)
  if (payload.value < 3 || payload.value > LIMITS.inlineBytes.value + 16) return undefined
  const local = localBytes(payload.value)
  if (rowid.end + local > PAGE) return undefined
  let record: Uint8Array = page.subarray(rowid.end, rowid.end + local)
  if (local < payload.value) {
    if (rowid.end + local + 4 > PAGE) return undefined
    const rest = overflow.chain(page.readUInt32BE(rowid.end + local), payload.value - local)
    if (rest === undefined) return undefined
    record = Buffer.concat([record, rest])
  }
  const bytes = dataColumn(Buffer.from(record))
  return bytes === undefined ? undefined : { id: rowid.value, bytes }
}

/** Of a record of two columns, an integer key (stored as null) and a blob. */
function dataColumn(record: Buffer): Uint8Array | undefined {
  const header = varint(record, 0)
  const key = varint(record, header.end)
  const blob = varint(record, key.end)
  if (blob.end !== header.value || key.value !== 0 || blob.value < 12 || blob.value % 2 !== 0) return undefined
  const size = (blob.value - 12) / 2
  return header.value + size === record.byteLength ? record.subarray(header.value) : undefined
}

function localBytes(payload: number): number {
  if (payload <= LOCAL_MOST) return payload
  const surplus = LOCAL_LEAST + ((payload - LOCAL_LEAST) % (PAGE - 4))
  return surplus <= LOCAL_MOST ? surplus : LOCAL_LEAST
}

function varint(bytes: Buffer, start: number): { value: number; end: number } {
  let value = 0
  for (let i = 0; i < 9; i++) {
    const byte = bytes[start + i] ?? 0
    if (i === 8) return { value: value * 256 + byte, end: start + 9 }
    value = value * 128 + (byte & 0x7f)
    if ((byte & 0x80) === 0) return { value, end: start + i + 1 }
  }
  return { value, end: start + 9 }
}

/** Pages by their number: the latest in the WAL, if one is given, else that of the file. */
class PageReader {
  readonly #fd: number | undefined
  readonly #walFd: number | undefined
  readonly #inWal = new Map<number, number>()

  constructor(file: string, wal?: string) {
    this.#fd = existsSync(file) ? openSync(file, 'r') : undefined
    if (wal === undefined) return
    this.#walFd = openSync(wal, 'r')
    const header = Buffer.alloc(FRAME_HEADER)
    for (
      let at = WAL_HEADER;
      readSync(this.#walFd, header, 0, FRAME_HEADER, at) === FRAME_HEADER;
      at += PAGE + FRAME_HEADER
    )
      this.#inWal.set(header.readUInt32BE(0), at + FRAME_HEADER)
  }

  /** The bytes of an overflow chain; undefined if it is broken. */
  chain(first: number, wanted: number): Buffer | undefined {
    const parts: Buffer[] = []
    let number = first
    for (let left = wanted; left > 0; ) {
      const page = number === 0 ? undefined : this.#page(number)
      if (page === undefined) return undefined
      const part = page.subarray(4, 4 + Math.min(left, PAGE - 4))
      parts.push(part)
      left -= part.byteLength
      number = page.readUInt32BE(0)
    }
    return Buffer.concat(parts)
  }

  #page(number: number): Buffer | undefined {
    const page = Buffer.alloc(PAGE)
    const inWal = this.#inWal.get(number)
    const fd = inWal === undefined ? this.#fd : this.#walFd
    const at = inWal ?? (number - 1) * PAGE
    return fd !== undefined && readSync(fd, page, 0, PAGE, at) === PAGE ? page : undefined
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    if (this.#walFd !== undefined) closeSync(this.#walFd)
  }
}
