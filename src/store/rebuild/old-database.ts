// What can still be read of a database that may be damaged: its tables from both ends towards the damage.

import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import type { Param, Row } from '../database/database.ts'

const PAGE_ROWS = 200

/** Without writing to it. Undefined if SQLite makes nothing of it. */
export function openOld(file: string): DatabaseSync | undefined {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0) return undefined
  for (const name of [file, `${pathToFileURL(file).href}?immutable=1`]) {
    let connection: DatabaseSync | undefined
    try {
      connection = new DatabaseSync(name, { readOnly: true, timeout: 5_000 })
      connection.prepare('SELECT count(*) FROM sqlite_schema').get()
      return connection
    } catch {
      // With its WAL first; then, should that be what is broken, without.
      connection?.close()
    }
  }
  return undefined
}

/** The tables that it says it has. */
export function tablesOf(connection: DatabaseSync): string[] {
  try {
    const rows = connection
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all()
    return rows.map(({ name }) => String(name))
  } catch {
    return []
  }
}

/** Every row that can be had, in pages; returns whether that is all of them. A row may come twice. */
export function* salvage(connection: DatabaseSync, table: string): Generator<Row[], boolean> {
  const keys = keyOf(connection, table)
  if (keys.length === 0) return false
  const upwards = yield* walk(connection, { table, keys, order: 'ASC' })
  if (upwards) return true
  yield* walk(connection, { table, keys, order: 'DESC' })
  return false
}

/** The columns of the primary key; none if not even that can be read. */
function keyOf(connection: DatabaseSync, table: string): string[] {
  try {
    return connection
      .prepare(`SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk`)
      .all(table)
      .map(({ name }) => String(name))
  } catch {
    return []
  }
}

interface Walk {
  readonly table: string
  readonly keys: readonly string[]
  readonly order: 'ASC' | 'DESC'
}

/** Page by page until the end (true) or the damage (false), towards which the pages become smaller. */
function* walk(connection: DatabaseSync, { table, keys, order }: Walk): Generator<Row[], boolean> {
  const columns = keys.map(key => `"${key}"`)
  const sort = columns.map(column => `${column} ${order}`).join(', ')
  const beyond = `WHERE (${columns.join(', ')}) ${order === 'ASC' ? '>' : '<'} (${keys.map(() => '?').join(', ')})`
  let last: Row | undefined
  let limit = PAGE_ROWS
  for (;;) {
    const sql = `SELECT * FROM "${table}" ${last === undefined ? '' : beyond} ORDER BY ${sort} LIMIT ${limit}`
    let page: Row[]
    try {
      page = connection.prepare(sql).all(...(last === undefined ? [] : keys.map(key => last?.[key] as Param))) as Row[]
    } catch {
      // Whatever SQLite says: there is something here that it cannot read.
      if (limit === 1) return false
      limit = Math.max(1, Math.floor(limit / 4))
      continue
    }
    if (page.length > 0) yield page
    if (page.length < limit) return true
    last = page.at(-1)
  }
}
