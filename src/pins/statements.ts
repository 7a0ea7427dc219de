// The statements that change pins; every change of a root moves `roots_version` (spec: store §6.3).

import type { CID } from 'multiformats/cid'
import type { PinStatus } from '../api/pins.ts'
import type { Param } from '../store/database/database.ts'
import type { Statement } from '../store/store.ts'
import { modeCode, PINNED, type PinKey, type RowFilter, statusCode, whereOf } from './rows.ts'

/** What a row has beside its key. */
export interface RowMeta {
  /** As `formatLabels` has it. */
  readonly labels: string
  readonly expires: number | null
  readonly priority: number
  readonly created: number
}

const QUEUED = statusCode('queued')
const PINNING = statusCode('pinning')
const FAILED = statusCode('failed')

export function deleteStatement(filter: RowFilter): Statement {
  const { where, params } = whereOf(filter)
  return { sql: `DELETE FROM pins WHERE id > 0${where}`, params }
}

export const BUMP_ROOTS: Statement = {
  sql: "UPDATE meta SET value = value + 1 WHERE key = 'roots_version'",
  params: [],
}

/**
 * With each root that goes a new epoch begins: operations that begin later cannot have met what it kept, so that a
 * collection beside them may take it. Without this, what was put since the last collection would outlive one more.
 */
export const ROOT_GONE: readonly Statement[] = [
  BUMP_ROOTS,
  { sql: "UPDATE meta SET value = value + 1 WHERE key = 'epoch'", params: [] },
]

const SAME_KEY = 'mh = ? AND cid = ? AND mode = ? AND name = ? AND owner = ?'
export const keyParams = ({ cid, mode, name, owner }: PinKey): Param[] => [
  cid.multihash.bytes,
  cid.bytes,
  modeCode(mode),
  name,
  owner,
]

const INSERT = 'INSERT INTO pins (mh, cid, mode, name, owner, labels, expires, priority, created, status, walker)'
const VALUES = '?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?'
const insertParams = (key: PinKey, meta: RowMeta, status: PinStatus, walker: number | null): Param[] => [
  ...keyParams(key),
  meta.labels,
  meta.expires,
  meta.priority,
  meta.created,
  statusCode(status),
  walker,
]

/** A row of its own for a walk that begins: a root from now on for what is there. `walker` is the operation of the walk. */
export const insertStatement = (key: PinKey, meta: RowMeta, walker: number): Statement => ({
  sql: `${INSERT} VALUES (${VALUES})`,
  params: insertParams(key, meta, 'pinning', walker),
})

const NOT_YET = `NOT EXISTS (SELECT 1 FROM pins WHERE ${SAME_KEY} AND status = ${PINNED})`

/** Only while some other pin of this CID and mode is complete: then there is nothing left to walk. */
export const insertBesideStatement = (key: PinKey, meta: RowMeta): Statement => ({
  sql: `${INSERT} SELECT ${VALUES} WHERE EXISTS (SELECT 1 FROM pins WHERE mh = ? AND cid = ? AND mode = ? AND status = ${PINNED}) AND ${NOT_YET}`,
  params: [...insertParams(key, meta, 'pinned', null), ...keyParams(key).slice(0, 3), ...keyParams(key)],
})

/** A pin that is complete from the start, unless it is there already. */
export const insertPinnedStatement = (key: PinKey, meta: RowMeta): Statement => ({
  sql: `${INSERT} SELECT ${VALUES} WHERE ${NOT_YET}`,
  params: [...insertParams(key, meta, 'pinned', null), ...keyParams(key)],
})

/** Hex digests as one JSON array: how many of them have a kept, good row. `CROSS` so that the few are looked up among the many. */
const KEPT_OF =
  'SELECT count(*) FROM json_each(?) AS j CROSS JOIN blocks AS b ON b.mh = unhex(j.value) WHERE b.kept = 1 AND b.pack <> -2'

export interface PresentBlocks {
  readonly all: readonly string[]
  /** Those with links, which the index must know to have some: mark would not look into them. */
  readonly inner: readonly string[]
}

/**
 * Complete from the start if all of these are still here in this very transaction: what a collection has taken since they
 * were looked at shows, and what it has not taken yet it finds kept by this root, for `roots_version` moves with it.
 */
export const insertIfPresentStatement = (key: PinKey, meta: RowMeta, { all, inner }: PresentBlocks): Statement => ({
  sql: `${INSERT} SELECT ${VALUES} WHERE ${NOT_YET} AND (${KEPT_OF}) = ? AND (${KEPT_OF} AND b.links = 1) = ?`,
  params: [
    ...insertParams(key, meta, 'pinned', null),
    ...keyParams(key),
    JSON.stringify(all),
    all.length,
    JSON.stringify(inner),
    inner.length,
  ],
  expect: { changes: 1, otherwise: { code: 'NOT_FOUND', message: 'a block was removed while it was being pinned' } },
})

/** The same for a row that waits in the queue and that nobody walks. */
export const completeIfPresentStatement = (id: number, { all, inner }: PresentBlocks): Statement => ({
  sql: `UPDATE pins SET status = ${PINNED}, error = '', retry_at = NULL WHERE id = ? AND status = ${QUEUED} AND walker IS NULL
    AND (${KEPT_OF}) = ? AND (${KEPT_OF} AND b.links = 1) = ?`,
  params: [id, JSON.stringify(all), all.length, JSON.stringify(inner), inner.length],
  expect: { changes: 1, otherwise: { code: 'NOT_FOUND', message: 'a block was removed while it was being pinned' } },
})

/** A row that waits for whoever works the queue off, unless the pin is complete or waits already. */
export const enqueueStatement = (key: PinKey, meta: RowMeta): Statement => ({
  sql: `${INSERT} SELECT ${VALUES} WHERE NOT EXISTS (SELECT 1 FROM pins WHERE ${SAME_KEY} AND status <> ${FAILED})`,
  params: [...insertParams(key, meta, 'queued', null), ...keyParams(key)],
})

/** What is said of a pin the second time it is asked for counts; it is tried at once. */
export const renewStatement = (key: PinKey, { expires, priority, labels }: RowMeta): Statement => ({
  sql: `UPDATE pins SET expires = ?, priority = max(priority, ?), labels = CASE WHEN ? = '' THEN labels ELSE ? END,
    retry_at = NULL, attempts = 0 WHERE ${SAME_KEY} AND status <> ${FAILED}`,
  params: [expires, priority, labels, labels, ...keyParams(key)],
})

/** The same for a complete one; 0 rows changed means that it has gone meanwhile. */
export const renewByIdStatement = (id: number, { expires, labels }: RowMeta): Statement => ({
  sql: `UPDATE pins SET expires = ?, labels = CASE WHEN ? = '' THEN labels ELSE ? END WHERE id = ? AND status = ${PINNED}`,
  params: [expires, labels, labels, id],
})

/** A complete pin of this key that would end by itself stays: it was asked for without an end. */
export const unexpireStatement = (key: PinKey): Statement => ({
  sql: `UPDATE pins SET expires = NULL WHERE ${SAME_KEY} AND status = ${PINNED} AND expires IS NOT NULL`,
  params: keyParams(key),
})

/** Rows of the same pin that some earlier call left incomplete. */
export const dropIncompleteStatement = (key: PinKey, exceptId = 0): Statement => ({
  sql: `DELETE FROM pins WHERE ${SAME_KEY} AND status <> ${PINNED} AND id <> ?`,
  params: [...keyParams(key), exceptId],
})

export const dropFailedStatement = (key: PinKey, exceptId = 0): Statement => ({
  sql: `DELETE FROM pins WHERE ${SAME_KEY} AND status = ${FAILED} AND id <> ?`,
  params: [...keyParams(key), exceptId],
})

/**
 * Takes a row for a walk. `seen` is the walker it was read with, known to be nobody that lives; 0 rows changed means that
 * another process was faster.
 */
export const claimStatement = (id: number, walker: number, seen: number | null): Statement => ({
  sql: `UPDATE pins SET status = ${PINNING}, walker = ? WHERE id = ? AND status IN (${QUEUED}, ${PINNING}) AND walker IS ?`,
  params: [walker, id, seen],
})

/** The last word of a walk; NOT_PINNED, and nothing of its last transaction happens, if the row was removed meanwhile. */
export const completeStatement = (id: number, walker: number): Statement => ({
  sql: `UPDATE pins SET status = ${PINNED}, error = '', retry_at = NULL, walker = NULL WHERE id = ? AND walker IS ?`,
  params: [id, walker],
  expect: { changes: 1, otherwise: { code: 'NOT_PINNED', message: 'the pin was removed while it was being made' } },
})

/** A walk that ended by itself, not by the pin's fault: back into the queue as it was. */
export const releaseStatement = (id: number, walker: number): Statement => ({
  sql: `UPDATE pins SET status = ${QUEUED}, walker = NULL WHERE id = ? AND walker IS ?`,
  params: [id, walker],
})

export const retryStatement = (id: number, walker: number, retryAt: number, reason: string): Statement => ({
  sql: `UPDATE pins SET status = ${QUEUED}, walker = NULL, attempts = attempts + 1, retry_at = ?, error = ? WHERE id = ? AND walker IS ?`,
  params: [retryAt, reason, id, walker],
})

export const deleteByIdStatement = (id: number): Statement => ({ sql: 'DELETE FROM pins WHERE id = ?', params: [id] })

/** This row says why; those of earlier failures of the same pin go. */
export const failStatements = (key: PinKey, id: number, reason: string): Statement[] => [
  dropFailedStatement(key, id),
  {
    sql: `UPDATE pins SET status = ${FAILED}, walker = NULL, attempts = attempts + 1, retry_at = NULL, error = ? WHERE id = ?`,
    params: [reason, id],
  },
  BUMP_ROOTS,
]

/** Every further pin of `from`, with all that is said of it, for `to`. */
export const copyOtherPinsStatement = (from: CID, to: CID, exceptId: number): Statement => ({
  sql: `INSERT INTO pins (mh, cid, mode, name, owner, labels, created, expires, priority, status)
    SELECT ?, ?, mode, name, owner, labels, created, expires, priority, status FROM pins
    WHERE mh = ? AND cid = ? AND mode = ${modeCode('recursive')} AND status = ${PINNED} AND id <> ?`,
  params: [to.multihash.bytes, to.bytes, from.multihash.bytes, from.bytes, exceptId],
})
