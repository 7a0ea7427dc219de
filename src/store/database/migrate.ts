// A new or older cairn.db becomes one of this schema; one of a newer Cairn is refused (spec: store §1, §2.5).

import type { DatabaseSync } from 'node:sqlite'
import { CairnError } from '../../errors.ts'
import { VERSION } from '../../version.ts'
import { MIGRATIONS, SCHEMA_VERSION } from './schema.ts'

/** Stands in the file's header: `file` and other tools can tell what it is. "Carn" */
const APPLICATION_ID = 0x4361726e
/** In `upkeep`, which the step from this version made. */
const PROGRAM_KEY = 'program'
const PROGRAM_SINCE = 1

const pragma = (connection: DatabaseSync, name: string): number =>
  Number(Object.values(connection.prepare(`PRAGMA ${name}`).get() ?? {})[0])

export const schemaVersion = (connection: DatabaseSync): number => pragma(connection, 'user_version')

/** REPO_NEWER if a newer Cairn has written it; true if it has to be migrated first. */
export function needsMigration(connection: DatabaseSync, file: string): boolean {
  const version = schemaVersion(connection)
  if (version > SCHEMA_VERSION) throw newer(connection, file, version)
  if (version > 0 && pragma(connection, 'application_id') !== APPLICATION_ID) throw foreign(file)
  return version < SCHEMA_VERSION
}

/** Says what to run: the repository knows the version of the program that made its schema. */
export function newer(connection: DatabaseSync, file: string, version: number): CairnError {
  const program = programOf(connection)
  const wanted = program === undefined || program === VERSION ? '' : ` (${program} or later)`
  return new CairnError('REPO_NEWER', `${file} has schema ${version}; this Cairn knows ${SCHEMA_VERSION} and older`, {
    hint: `install the newer Cairn that wrote this repository${wanted}: in its clone run \`git pull && npm ci\``,
  })
}

/** Undefined if it cannot be told: a later schema may keep it elsewhere. */
function programOf(connection: DatabaseSync): string | undefined {
  try {
    return connection.prepare('SELECT value FROM upkeep WHERE key = ?').get(PROGRAM_KEY)?.value?.toString()
  } catch {
    return undefined
  }
}

const foreign = (file: string): CairnError => new CairnError('REPO_DAMAGED', `${file} is not a database of Cairn`)

/**
 * To be called under the write mutex, outside a transaction. Each step is a transaction with the version it leads to: a killed
 * migration is gone on with by whoever opens next. Another process may have been faster: then nothing is left to do.
 */
export function migrate(connection: DatabaseSync, file: string): void {
  if (schemaVersion(connection) === 0) prepareEmpty(connection, file)
  for (let version = schemaVersion(connection); version < SCHEMA_VERSION; version = schemaVersion(connection)) {
    connection.exec('BEGIN IMMEDIATE')
    try {
      connection.exec(MIGRATIONS[version] ?? '')
      if (version >= PROGRAM_SINCE) noteProgram(connection)
      connection.exec(`PRAGMA user_version = ${version + 1}`)
      connection.exec('COMMIT')
    } catch (error) {
      if (connection.isTransaction) connection.exec('ROLLBACK')
      throw error
    }
  }
}

/** For the day when an older program meets this schema, and has to say which one is needed. */
function noteProgram(connection: DatabaseSync): void {
  connection
    .prepare('INSERT INTO upkeep VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value')
    .run(PROGRAM_KEY, VERSION)
}

/** These hold only if they are said before the first table. */
function prepareEmpty(connection: DatabaseSync, file: string): void {
  if (connection.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() !== undefined) throw foreign(file)
  connection.exec(`
    PRAGMA page_size = 4096;
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA journal_mode = WAL;
  `)
}
