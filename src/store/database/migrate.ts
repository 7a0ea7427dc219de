// A new or older cairn.db becomes one of this schema; one of a newer Cairn is refused (spec: store §1, §2.5).

import type { DatabaseSync } from 'node:sqlite'
import { CairnError } from '../../errors.ts'
import { MIGRATIONS, SCHEMA_VERSION } from './schema.ts'

/** Stands in the file's header: `file` and other tools can tell what it is. "Carn" */
const APPLICATION_ID = 0x4361726e

const pragma = (connection: DatabaseSync, name: string): number =>
  Number(Object.values(connection.prepare(`PRAGMA ${name}`).get() ?? {})[0])

export const schemaVersion = (connection: DatabaseSync): number => pragma(connection, 'user_version')

/** REPO_NEWER if a newer Cairn has written it; true if it has to be migrated first. */
export function needsMigration(connection: DatabaseSync, file: string): boolean {
  const version = schemaVersion(connection)
  if (version > SCHEMA_VERSION) throw newer(file, version)
  if (version > 0 && pragma(connection, 'application_id') !== APPLICATION_ID) throw foreign(file)
  return version < SCHEMA_VERSION
}

export const newer = (file: string, version: number): CairnError =>
  new CairnError('REPO_NEWER', `${file} has schema ${version}; this Cairn knows ${SCHEMA_VERSION} and older`)

const foreign = (file: string): CairnError => new CairnError('REPO_DAMAGED', `${file} is not a database of Cairn`)

/** To be called under the write mutex, outside a transaction. Another process may have been faster: then nothing is left to do. */
export function migrate(connection: DatabaseSync, file: string): void {
  const from = schemaVersion(connection)
  if (from === 0) prepareEmpty(connection, file)
  connection.exec('BEGIN IMMEDIATE')
  try {
    for (const step of MIGRATIONS.slice(from)) connection.exec(step)
    connection.exec(`PRAGMA user_version = ${Math.max(from, SCHEMA_VERSION)}`)
    connection.exec('COMMIT')
  } catch (error) {
    if (connection.isTransaction) connection.exec('ROLLBACK')
    throw error
  }
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
