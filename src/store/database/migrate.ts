// A new or older cairn.db becomes one of this schema; one of a newer Cairn is refused (spec: store §1, §2.5).

import type { DatabaseSync } from 'node:sqlite'
import { CairnError } from '../../errors.ts'
import { VERSION } from '../../version.ts'
import { MIGRATIONS, SCHEMA_VERSION } from './schema.ts'
import { damaged } from './sqlite-error.ts'

/** Stands in the file's header: `file` and other tools can tell what it is. "Carn" */
const APPLICATION_ID = 0x4361726e
/** In `upkeep`, which the step from this version made: which program made the schema, and which schema it made. Later ones keep them there. */
const PROGRAM_KEY = 'program'
const SCHEMA_KEY = 'schema'
const NOTED_SINCE = 1

const pragma = (connection: DatabaseSync, name: string): number =>
  Number(Object.values(connection.prepare(`PRAGMA ${name}`).get() ?? {})[0])

export const schemaVersion = (connection: DatabaseSync): number => pragma(connection, 'user_version')

/** REPO_NEWER if a newer Cairn has written it; true if it has to be migrated first. */
export function needsMigration(connection: DatabaseSync, file: string): boolean {
  // One state of it, though another process migrates meanwhile.
  connection.exec('BEGIN')
  try {
    const version = schemaVersion(connection)
    checkSchema(connection, file, version)
    if (version > 0 && pragma(connection, 'application_id') !== APPLICATION_ID) throw foreign(file)
    return version < SCHEMA_VERSION
  } finally {
    // On a full disk it has ended already.
    if (connection.isTransaction) connection.exec('ROLLBACK')
  }
}

/** REPO_NEWER for a later schema. The header that says so may have rotted: it is believed if the rows say the same. */
export function checkSchema(connection: DatabaseSync, file: string, version: number): void {
  if (version === 0) return
  const noted = noteOf(connection, SCHEMA_KEY)
  const isLater = version > SCHEMA_VERSION
  const isNoted = Number(noted) === version || (isLater && isLaterProgram(noteOf(connection, PROGRAM_KEY)))
  if (isLater && isNoted) throw newer(connection, file, version)
  if (!isNoted && (isLater || noted !== undefined))
    throw damaged(file, { what: `its header says schema ${version}, and no program has noted that` })
}

/** Says what to run: the repository knows the version of the program that made its schema. */
function newer(connection: DatabaseSync, file: string, version: number): CairnError {
  const program = noteOf(connection, PROGRAM_KEY)
  const wanted = program === undefined || program === VERSION ? '' : ` (${program} or later)`
  return new CairnError('REPO_NEWER', `${file} has schema ${version}; this Cairn knows ${SCHEMA_VERSION} and older`, {
    hint: `install the newer Cairn that wrote this repository${wanted}: in its clone run \`git pull && npm ci\``,
  })
}

/** Undefined if there is none: the first schema had no such table. */
function noteOf(connection: DatabaseSync, key: string): string | undefined {
  try {
    return connection.prepare('SELECT value FROM upkeep WHERE key = ?').get(key)?.value?.toString()
  } catch {
    // Nor can it be read from a damaged one.
    return undefined
  }
}

const numbers = (version: string): number[] => version.split('.').map(Number.parseFloat)

function isLaterProgram(program: string | undefined): boolean {
  const theirs = numbers(program ?? '')
  const first = numbers(VERSION).findIndex((ours, index) => theirs[index] !== ours)
  return first >= 0 && (theirs[first] ?? 0) > (numbers(VERSION)[first] ?? 0)
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
      if (version >= NOTED_SINCE) note(connection, version + 1)
      connection.exec(`PRAGMA user_version = ${version + 1}`)
      connection.exec('COMMIT')
    } catch (error) {
      if (connection.isTransaction) connection.exec('ROLLBACK')
      throw error
    }
  }
}

/** For the day when an older program meets this schema, and has to say which one is needed. */
function note(connection: DatabaseSync, version: number): void {
  const set = connection.prepare(
    'INSERT INTO upkeep VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  )
  set.run(PROGRAM_KEY, VERSION)
  set.run(SCHEMA_KEY, String(version))
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
