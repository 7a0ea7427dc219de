// The rows that no block can bring back: pins, roots, keys, policy. Every table that is not the index of the blocks themselves.

import type { Database, Param, Row } from '../database/database.ts'

/** What is counted anew from packs and files, or means nothing without the processes of its time. */
const INDEX_TABLES = new Set(['blocks', 'data', 'packs', 'dead', 'leases', 'operations', 'cache_use', 'counters'])

export const isPolicyTable = (name: string): boolean => !INDEX_TABLES.has(name)

export interface PolicyRow {
  readonly table: string
  readonly row: Row
}

const PAGE_ROWS = 500

/** By key, page by page: no read stays open in between (spec: store §2.4). A pin that is replaced meanwhile comes as the old or the new one. */
export function* policyPages(database: Database): Generator<readonly PolicyRow[]> {
  const tables = database
    .all<{ name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .map(({ name }) => name)
    .filter(isPolicyTable)
  for (const table of tables) yield* pages(database, table)
  yield database.all('SELECT name, seq FROM sqlite_sequence').map(row => ({ table: 'sqlite_sequence', row }))
}

function* pages(database: Database, table: string): Generator<readonly PolicyRow[]> {
  const keys = database
    .all<{ name: string }>('SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk', table)
    .map(({ name }) => name)
  const columns = keys.map(key => `"${key}"`).join(', ')
  const after = `WHERE (${columns}) > (${keys.map(() => '?').join(', ')})`
  let last: Row | undefined
  for (;;) {
    const sql = `SELECT * FROM "${table}" ${last === undefined ? '' : after} ORDER BY ${columns} LIMIT ${PAGE_ROWS}`
    const from = last
    const page = database.all<Row>(sql, ...(from === undefined ? [] : keys.map(key => from[key] as Param)))
    yield page.map(row => ({ table, row }))
    if (page.length < PAGE_ROWS) return
    last = page.at(-1)
  }
}

/** One row as one line of JSON; bytes as `{ "b": base64 }`. */
export const formatRow = ({ table, row }: PolicyRow): string =>
  JSON.stringify({
    t: table,
    r: Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        value instanceof Uint8Array ? { b: Buffer.from(value).toString('base64') } : value,
      ]),
    ),
  })

export function parseRow(line: { readonly t: string; readonly r: Record<string, unknown> }): PolicyRow {
  const row = Object.fromEntries(
    Object.entries(line.r).map(([name, value]) => [name, isBytes(value) ? Buffer.from(value.b, 'base64') : value]),
  )
  return { table: line.t, row }
}

const isBytes = (value: unknown): value is { b: string } =>
  typeof value === 'object' && value !== null && 'b' in value && typeof value.b === 'string'
