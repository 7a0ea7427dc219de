// Every whole record of a pack file, whatever lies between them: resynced by the magic, believed only by its hash (spec: store §4.3).

import { fstatSync, readSync } from 'node:fs'
import { LIMITS } from '../../limits.ts'
import { KiB, MiB } from '../../units.ts'
import { BARE, HAS_LINKS, MAGIC, readRecord } from '../write/record.ts'
import { hashesTo } from './judge.ts'

export interface FoundBlock {
  readonly mh: Uint8Array
  readonly size: number
  readonly crc: number
  /** 1: it has links, or may have some: then a mark reads it to know. */
  readonly links: number
  readonly bytes: Uint8Array
}

export interface FoundRecord extends FoundBlock {
  /** Where its bytes begin in the pack. */
  readonly at: number
}

/** Bytes that are neither padding nor a record that can be believed. */
export interface Garbled {
  readonly garbledBytes: number
}

const WINDOW_BYTES = 8 * MiB
const SECTOR_BYTES = 4 * KiB
/** The largest record: nothing that begins this far before the end of the window is cut by it. */
const RECORD_BYTES = LIMITS.blockBytes.value + 1 * KiB

const MAGIC_BYTES = Buffer.alloc(4)
MAGIC_BYTES.writeUInt32LE(MAGIC)

/** The bytes of a record are only good until the next one is asked for. */
export function* scanPack(fd: number): Generator<FoundRecord | Garbled> {
  const { size: fileBytes } = fstatSync(fd)
  const window = Buffer.alloc(WINDOW_BYTES)
  let base = 0
  let length = 0
  let at = 0
  while (base + at < fileBytes) {
    if (length - at < RECORD_BYTES && base + length < fileBytes) {
      base += at
      at = 0
      length = fill(fd, window, base)
      if (length === 0) return
    }
    const view = window.subarray(0, length)
    const record = readRecord(view, at)
    if (record !== undefined && 'padEnd' in record) {
      at = record.padEnd
      continue
    }
    if (record !== undefined && (record.flags & BARE) === 0 && record.end <= length) {
      const { mh, size, crc, flags } = record
      const bytes = view.subarray(record.at, record.end)
      if (hashesTo(mh, bytes)) {
        yield {
          mh: Uint8Array.from(mh),
          size,
          crc,
          links: (flags & HAS_LINKS) === 0 ? 0 : 1,
          at: base + record.at,
          bytes,
        }
        at = record.end
        continue
      }
    }
    const next = resync(view, at)
    if (view.subarray(at, next).some(byte => byte !== 0)) yield { garbledBytes: next - at }
    at = next
  }
}

/** Where the next record may begin. A magic that is cut by the end of the window is met again in the next. */
function resync(view: Buffer, at: number): number {
  const next = view.indexOf(MAGIC_BYTES, at + 1)
  return next === -1 ? Math.max(at + 1, view.byteLength - MAGIC_BYTES.byteLength + 1) : next
}

/** Sectors that the disk refuses to give count as zeros: what lies beside them is still to be had. */
function fill(fd: number, window: Buffer, position: number): number {
  try {
    return readFully(fd, window, position)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error
  }
  let done = 0
  while (done < window.byteLength) {
    const sector = window.subarray(done, done + SECTOR_BYTES)
    let read = sector.byteLength
    try {
      read = readFully(fd, sector, position + done)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error
      sector.fill(0)
    }
    done += read
    if (read < sector.byteLength) break
  }
  return done
}

function readFully(fd: number, into: Buffer, position: number): number {
  let done = 0
  while (done < into.byteLength) {
    const read = readSync(fd, into, done, into.byteLength - done, position + done)
    if (read === 0) break
    done += read
  }
  return done
}
