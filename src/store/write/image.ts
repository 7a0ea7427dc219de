// A buffer in which records are laid out as they will lie on disk; handed to the committer whole and used again afterwards.

import { LIMITS } from '../../limits.ts'
import { KiB } from '../../units.ts'
import {
  addFlags,
  type NewRecord,
  type RecordHeader,
  readRecord,
  recordLength,
  writePad,
  writeRecord,
} from './record.ts'

/** Eight blocks of 1 MiB with their headers fit, and the padding. */
const CAPACITY_BYTES = LIMITS.groupBytes.value + 64 * KiB
const PAD_ROOM_BYTES = 8 * KiB

export class Image {
  readonly #buffer: Buffer
  #usedBytes: number

  constructor(memory: ArrayBuffer = new ArrayBuffer(CAPACITY_BYTES), usedBytes = 0) {
    this.#buffer = Buffer.from(memory)
    this.#usedBytes = usedBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** To be moved to another thread; the image is of no use after that. */
  get memory(): ArrayBuffer {
    return this.#buffer.buffer as ArrayBuffer
  }

  fits(record: NewRecord): boolean {
    return this.#usedBytes + recordLength(record) + PAD_ROOM_BYTES <= CAPACITY_BYTES
  }

  /** Returns where its bytes begin. */
  add(record: NewRecord): number {
    const at = writeRecord(this.#buffer, this.#usedBytes, record)
    this.#usedBytes += recordLength(record)
    return at
  }

  addFlags(at: number, mhLength: number, flags: number): void {
    addFlags(this.#buffer, at, mhLength, flags)
  }

  bytes(at: number, sizeBytes: number): Buffer {
    return this.#buffer.subarray(at, at + sizeBytes)
  }

  /** Everything up to the next boundary of a pack. */
  padded(): Buffer {
    return this.#buffer.subarray(0, writePad(this.#buffer, this.#usedBytes))
  }

  records(): RecordHeader[] {
    const found: RecordHeader[] = []
    for (let start = 0; start < this.#usedBytes; ) {
      const record = readRecord(this.#buffer, start)
      if (record === undefined || 'padEnd' in record) throw new Error(`no record at ${start} of a group`)
      found.push(record)
      start = record.end
    }
    return found
  }
}

/** Images that have been touched before: fresh memory costs more than filling it. */
export class ImagePool {
  readonly #free: ArrayBuffer[] = []
  static readonly #MOST = 8

  take(): Image {
    return new Image(this.#free.pop())
  }

  giveBack(memory: ArrayBuffer): void {
    if (memory.byteLength === CAPACITY_BYTES && this.#free.length < ImagePool.#MOST) this.#free.push(memory)
  }
}
