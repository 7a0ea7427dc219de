// What a commit has to place: the records of its images, checked once more and split by what the index has already.

import { crc32 } from 'node:zlib'
import type { Database } from '../database/database.ts'
import type { WalGrowth } from '../room/quota.ts'
import type { ImageMessage, Images } from './commit-message.ts'
import { Image } from './image.ts'
import { findPresent } from './place.ts'
import { BARE, CACHED, type RecordHeader, VOID } from './record.ts'

/** Records and the image they lie in. */
export interface Part {
  readonly image: Image
  readonly records: readonly RecordHeader[]
}

export interface Batch {
  /** Bulk that the index does not have. */
  readonly fresh: readonly Part[]
  /** What it has but must be touched, with the bytes, should the row go before that. */
  readonly present: readonly Part[]
  /** Inner nodes, and more that was met. */
  readonly side: readonly Part[]
  readonly cached: readonly Part[]
}

export function readBatch(database: Database, { bulk, side }: Images): Batch {
  const split = bulk.map(message => splitPresent(database, open(message)))
  const rest = side.map(open)
  const only = (parts: readonly Part[], keep: (record: RecordHeader) => boolean): Part[] =>
    parts
      .map(({ image, records }) => ({ image, records: records.filter(keep) }))
      .filter(({ records }) => records.length > 0)
  return {
    fresh: split.flatMap(({ fresh }) => (fresh.records.length > 0 ? [fresh] : [])),
    present: split.flatMap(({ present }) => (present.records.length > 0 ? [present] : [])),
    side: only(rest, ({ flags }) => (flags & CACHED) === 0),
    cached: only(rest, ({ flags }) => (flags & CACHED) !== 0),
  }
}

export const isEmptyBatch = (batch: Batch): boolean => Object.values(batch).every(parts => parts.length === 0)

export const countRecords = (parts: readonly Part[]): number =>
  parts.reduce((sum, { records }) => sum + records.length, 0)

export const sumBytes = (parts: readonly Part[]): number => parts.reduce((sum, { image }) => sum + image.usedBytes, 0)

export const walGrowth = ({ fresh, present, side }: Batch, freshInPack: boolean): WalGrowth => ({
  rows: countRecords(fresh) + countRecords(present) + countRecords(side),
  inlineBytes: sumBytes(side) + (freshInPack ? 0 : sumBytes(fresh)),
})

/** The CRC of the door, taken again: a buffer that somebody used meanwhile shows here, before anything is written. */
function open(message: ImageMessage): Part {
  const image = new Image(message.memory, message.usedBytes)
  const records = image.records().filter(({ flags }) => (flags & VOID) === 0)
  for (const { flags, at, size, crc } of records) {
    if ((flags & BARE) === 0 && crc32(image.bytes(at, size)) !== crc)
      throw new Error('a block changed while it waited to be written')
  }
  return { image, records }
}

function splitPresent(database: Database, whole: Part): { fresh: Part; present: Part } {
  const present = findPresent(database, whole.records)
  if (present.size === 0) return { fresh: whole, present: { image: whole.image, records: [] } }
  const fresh = whole.records.filter(record => !present.has(record))
  const old = whole.records.filter(record => present.get(record) === 'old')
  return { fresh: copyRecords(whole.image, fresh), present: { image: whole.image, records: old } }
}

/** Without holes, as a pack has them. */
function copyRecords(from: Image, records: readonly RecordHeader[]): Part {
  if (records.length === 0) return { image: from, records }
  const image = new Image()
  for (const record of records) image.add({ ...record, bytes: from.bytes(record.at, record.size) })
  return { image, records: image.records() }
}
