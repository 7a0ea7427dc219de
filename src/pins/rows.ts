// Pins as rows: reading them, one by one, by filter and page by page.

import { CID } from 'multiformats/cid'
import type { Labels, Pin, PinMode, PinStatus } from '../api/pins.ts'
import type { Database, Param } from '../store/database/database.ts'
import { PIN_MODES, PIN_STATUSES } from '../store/database/schema.ts'
import { parseLabels } from './labels.ts'

/** What makes two pins the same one. */
export interface PinKey {
  readonly cid: CID
  readonly mode: PinMode
  readonly name: string
  readonly owner: string
}

export interface RowFilter {
  readonly cid?: CID | undefined
  readonly mode?: PinMode | undefined
  readonly status?: PinStatus | undefined
  /** The whole name. */
  readonly name?: string | undefined
  /** A part of the name. */
  readonly nameContains?: string | undefined
  readonly owner?: string | undefined
  readonly labels?: Labels | undefined
}

export interface PinRow {
  readonly id: number
  readonly cid: Uint8Array
  readonly mode: number
  readonly name: string
  readonly owner: string
  readonly labels: string
  readonly status: number
  readonly created: number
  readonly expires: number | null
  readonly priority: number
  readonly attempts: number
  readonly retry_at: number | null
  readonly error: string
}

export const PIN_COLUMNS =
  'id, cid, mode, name, owner, labels, status, created, expires, priority, attempts, retry_at, error'

export const modeCode = (mode: PinMode): number => PIN_MODES.indexOf(mode)
export const statusCode = (status: PinStatus): number => PIN_STATUSES.indexOf(status)
export const PINNED = statusCode('pinned')

export const toPin = ({ cid, mode, labels, status, expires, retry_at, ...row }: PinRow): Pin => ({
  ...row,
  cid: CID.decode(cid),
  mode: PIN_MODES[mode] as PinMode,
  labels: parseLabels(labels),
  status: PIN_STATUSES[status] as PinStatus,
  expires: expires ?? undefined,
  retryAt: retry_at ?? undefined,
})

/** Pins behind `afterId`, in order of id; with a filter that no index serves it looks at all of them. */
export function selectPins(database: Database, filter: RowFilter, afterId: number, limit: number): Pin[] {
  const { where, params } = whereOf(filter)
  const sql = `SELECT ${PIN_COLUMNS} FROM pins WHERE id > ?${where} ORDER BY id LIMIT ?`
  return database.all<PinRow>(sql, afterId, ...params, limit).map(toPin)
}

export const findPin = (database: Database, id: number): Pin | undefined =>
  database.all<PinRow>(`SELECT ${PIN_COLUMNS} FROM pins WHERE id = ?`, id).map(toPin)[0]

export const findPinned = (database: Database, key: PinKey): Pin | undefined =>
  selectPins(database, { ...key, status: 'pinned' }, 0, 1)[0]

/** So many rows are looked at in one read: a filter that matches few must not hold up the WAL (spec: store §2.4). */
const PAGE_ROWS = 1000
const LAST_OF_PAGE = `SELECT max(id) AS id FROM (SELECT id FROM pins WHERE id > ? ORDER BY id LIMIT ${PAGE_ROWS})`

export interface ListOptions {
  readonly signal: AbortSignal
  readonly afterId?: number | undefined
}

/** All of them, page by page: no transaction stays open between two entries. */
export async function* listPins(
  database: Database,
  filter: RowFilter,
  { signal, afterId = 0 }: ListOptions,
): AsyncGenerator<Pin> {
  const { where, params } = whereOf(filter)
  // The pins of one CID are found by its index, however many others there are.
  const sql =
    filter.cid === undefined
      ? `SELECT ${PIN_COLUMNS} FROM pins WHERE id > ? AND id <= ?${where} ORDER BY id`
      : `SELECT ${PIN_COLUMNS} FROM pins INDEXED BY pins_by_mh WHERE id > ? AND id <= ?${where} ORDER BY id LIMIT ${PAGE_ROWS}`
  for (let last = afterId; ; ) {
    signal.throwIfAborted()
    const end = filter.cid === undefined ? database.get<{ id: number | null }>(LAST_OF_PAGE, last)?.id : MOST
    if (end === undefined || end === null) return
    const page = database.all<PinRow>(sql, last, end, ...params)
    for (const row of page) yield toPin(row)
    if (filter.cid !== undefined && page.length < PAGE_ROWS) return
    last = filter.cid === undefined ? end : (page.at(-1)?.id ?? end)
    // Other work has its turn, also while nothing matches.
    if (page.length === 0) await new Promise(resolve => setImmediate(resolve))
  }
}

const MOST = Number.MAX_SAFE_INTEGER

/** The pins that name this block under any codec and CID version, recursive ones first. */
export const pinsOfBlock = (database: Database, cid: CID, limit = 100): Pin[] =>
  database
    .all<PinRow>(
      `SELECT ${PIN_COLUMNS} FROM pins WHERE mh = ? ORDER BY mode DESC, id LIMIT ?`,
      cid.multihash.bytes,
      limit,
    )
    .map(toPin)

export function whereOf({ cid, mode, status, name, nameContains, owner, labels = {} }: RowFilter): {
  where: string
  params: Param[]
} {
  const terms: [string, ...Param[]][] = []
  if (cid !== undefined) terms.push(['mh = ? AND cid = ?', cid.multihash.bytes, cid.bytes])
  if (mode !== undefined) terms.push(['mode = ?', modeCode(mode)])
  if (status !== undefined) terms.push(['status = ?', statusCode(status)])
  if (name !== undefined) terms.push(['name = ?', name])
  if (nameContains !== undefined && nameContains !== '') terms.push(['instr(name, ?) > 0', nameContains])
  if (owner !== undefined) terms.push(['owner = ?', owner])
  for (const [key, value] of Object.entries(labels))
    terms.push([
      "labels <> '' AND EXISTS (SELECT 1 FROM json_each(labels) WHERE json_each.key = ? AND json_each.value = ?)",
      key,
      value,
    ])
  return {
    where: terms.map(([sql]) => ` AND ${sql}`).join(''),
    params: terms.flatMap(([, ...values]) => values),
  }
}
