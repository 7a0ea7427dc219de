// Pins as rows, and the statements that change them; every change of a root moves `roots_version` (spec: store §6.3).

import { CID } from 'multiformats/cid'
import type { Pin, PinMode, PinStatus } from '../api/pins.ts'
import type { Database, Param } from '../store/database/database.ts'
import { PIN_MODES, PIN_STATUSES } from '../store/database/schema.ts'
import type { Statement } from '../store/store.ts'

/** What makes two pins the same one. */
export interface PinKey {
  readonly cid: CID
  readonly mode: PinMode
  readonly name: string
}

export interface PinFilter {
  readonly cid?: CID | undefined
  readonly mode?: PinMode | undefined
  readonly status?: PinStatus | undefined
  /** The whole name. */
  readonly name?: string | undefined
  /** A part of the name. */
  readonly nameContains?: string | undefined
}

interface PinRow {
  readonly id: number
  readonly cid: Uint8Array
  readonly mode: number
  readonly name: string
  readonly status: number
  readonly created: number
}

export const modeCode = (mode: PinMode): number => PIN_MODES.indexOf(mode)
export const statusCode = (status: PinStatus): number => PIN_STATUSES.indexOf(status)
export const PINNED = statusCode('pinned')
const FAILED = statusCode('failed')

const toPin = ({ id, cid, mode, name, status, created }: PinRow): Pin => ({
  id,
  cid: CID.decode(cid),
  mode: PIN_MODES[mode] as PinMode,
  name,
  status: PIN_STATUSES[status] as PinStatus,
  created,
})

/** Pins behind `afterId`, in order of id. */
export function selectPins(database: Database, filter: PinFilter, afterId: number, limit: number): Pin[] {
  const { where, params } = whereOf(filter)
  const sql = `SELECT id, cid, mode, name, status, created FROM pins WHERE id > ?${where} ORDER BY id LIMIT ?`
  return database.all<PinRow>(sql, afterId, ...params, limit).map(toPin)
}

const PAGE_ROWS = 500

/** All of them, page by page: no transaction stays open between two entries (spec: store §2.4). */
export async function* listPins(database: Database, filter: PinFilter, signal: AbortSignal): AsyncGenerator<Pin> {
  let afterId = 0
  for (;;) {
    signal.throwIfAborted()
    const page = selectPins(database, filter, afterId, PAGE_ROWS)
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_ROWS) return
    afterId = last.id
  }
}

/** The pins that name this block under any codec and CID version, recursive ones first. */
export const pinsOfBlock = (database: Database, cid: CID): Pin[] =>
  database
    .all<PinRow>(
      'SELECT id, cid, mode, name, status, created FROM pins WHERE mh = ? ORDER BY mode DESC, id LIMIT 100',
      cid.multihash.bytes,
    )
    .map(toPin)

function whereOf({ cid, mode, status, name, nameContains }: PinFilter): { where: string; params: Param[] } {
  const terms: [string, ...Param[]][] = []
  if (cid !== undefined) terms.push(['mh = ? AND cid = ?', cid.multihash.bytes, cid.bytes])
  if (mode !== undefined) terms.push(['mode = ?', modeCode(mode)])
  if (status !== undefined) terms.push(['status = ?', statusCode(status)])
  if (name !== undefined) terms.push(['name = ?', name])
  if (nameContains !== undefined && nameContains !== '') terms.push(['instr(name, ?) > 0', nameContains])
  return {
    where: terms.map(([sql]) => ` AND ${sql}`).join(''),
    params: terms.flatMap(([, ...values]) => values),
  }
}

export function deleteStatement(filter: PinFilter): Statement {
  const { where, params } = whereOf(filter)
  return { sql: `DELETE FROM pins WHERE id > 0${where}`, params }
}

export const findPinned = (database: Database, key: PinKey): Pin | undefined =>
  selectPins(database, { ...key, status: 'pinned' }, 0, 1)[0]

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

const SAME_KEY = "mh = ? AND cid = ? AND mode = ? AND name = ? AND owner = ''"
const keyParams = ({ cid, mode, name }: PinKey): Param[] => [cid.multihash.bytes, cid.bytes, modeCode(mode), name]

const INSERT = 'INSERT INTO pins (mh, cid, mode, name, created, status)'
const insertParams = (key: PinKey, created: number, status: PinStatus): Param[] => [
  ...keyParams(key),
  created,
  statusCode(status),
]

/** A row of its own for a walk that begins: a root from now on for what is there. */
export const insertStatement = (key: PinKey, created: number): Statement => ({
  sql: `${INSERT} VALUES (?, ?, ?, ?, ?, ?)`,
  params: insertParams(key, created, 'pinning'),
})

/** Only while some other pin of this CID and mode is complete: then there is nothing left to walk. */
export const insertBesideStatement = (key: PinKey, created: number): Statement => ({
  sql: `${INSERT} SELECT ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM pins WHERE mh = ? AND cid = ? AND mode = ? AND status = ${PINNED})
    AND NOT EXISTS (SELECT 1 FROM pins WHERE ${SAME_KEY} AND status = ${PINNED})`,
  params: [...insertParams(key, created, 'pinned'), ...keyParams(key).slice(0, 3), ...keyParams(key)],
})

/** Rows of the same pin that some earlier call left incomplete. */
export const dropIncompleteStatement = (key: PinKey, exceptId = 0): Statement => ({
  sql: `DELETE FROM pins WHERE ${SAME_KEY} AND status <> ${PINNED} AND id <> ?`,
  params: [...keyParams(key), exceptId],
})

/** A pin that is complete from the start, unless it is there already. */
export const insertPinnedStatement = (key: PinKey, created: number): Statement => ({
  sql: `${INSERT} SELECT ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM pins WHERE ${SAME_KEY} AND status = ${PINNED})`,
  params: [...insertParams(key, created, 'pinned'), ...keyParams(key)],
})

/** The last word of a walk; NOT_PINNED, and nothing of its last transaction happens, if the row was removed meanwhile. */
export const completeStatement = (id: number): Statement => ({
  sql: `UPDATE pins SET status = ${PINNED}, error = '' WHERE id = ?`,
  params: [id],
  expect: { changes: 1, otherwise: { code: 'NOT_PINNED', message: 'the pin was removed while it was being made' } },
})

export const deleteByIdStatement = (id: number): Statement => ({ sql: 'DELETE FROM pins WHERE id = ?', params: [id] })

/** This row says why; those of earlier failures of the same pin go. */
export const failStatements = (key: PinKey, id: number, reason: string): Statement[] => [
  {
    sql: `DELETE FROM pins WHERE ${SAME_KEY} AND status = ${FAILED} AND id <> ?`,
    params: [...keyParams(key), id],
  },
  { sql: `UPDATE pins SET status = ${FAILED}, error = ? WHERE id = ?`, params: [reason, id] },
  BUMP_ROOTS,
]

/** Every further pin of `from`, with its name, for `to`. */
export const copyOtherNamesStatement = (from: CID, to: CID, exceptName: string): Statement => ({
  sql: `INSERT INTO pins (mh, cid, mode, name, owner, labels, created, status)
    SELECT ?, ?, mode, name, owner, labels, created, status FROM pins
    WHERE mh = ? AND cid = ? AND mode = ${modeCode('recursive')} AND status = ${PINNED} AND NOT (name = ? AND owner = '')`,
  params: [to.multihash.bytes, to.bytes, from.multihash.bytes, from.bytes, exceptName],
})
