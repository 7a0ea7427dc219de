// What is done to a repository as a whole: making it, bringing an older one to this schema.

import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { MIGRATIONS } from '../../src/store/database/schema.ts'
import type { Scenario } from './kill-points.ts'
import { commandRun, NOTHING, type World } from './scenarios.ts'

export function upkeepScenarios(world: World, work: string): Scenario[] {
  const none = join(work, 'none')
  mkdirSync(none, { mode: 0o700 })
  return [
    { name: 'init', base: none, ledger: NOTHING, makes: true, run: commandRun(['init'], () => NOTHING) },
    {
      name: 'migration',
      base: makeOld(world.base, join(work, 'old')),
      ledger: world.ledger,
      makes: true,
      run: commandRun(['pin', 'ls', '--quiet'], () => NOTHING),
    },
  ]
}

/** The same repository as version 1 had it: its tables, and in them what later ones have in the same columns. */
function makeOld(base: string, to: string): string {
  cpSync(base, to, { recursive: true })
  rmSync(join(to, 'cairn.db'))
  const database = new DatabaseSync(join(to, 'cairn.db'))
  database.exec('PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = 0x4361726e')
  database.exec(`PRAGMA journal_mode = WAL; ${MIGRATIONS[0]}; PRAGMA user_version = 1`)
  database.prepare('ATTACH ? AS later').run(join(base, 'cairn.db'))
  const names = (sql: string) => (database.prepare(sql).all() as { name: string }[]).map(({ name }) => name)
  for (const table of names("SELECT name FROM main.sqlite_schema WHERE type = 'table'")) {
    const columns = names(`SELECT name FROM pragma_table_info('${table}')`).join(', ')
    database.exec(
      `DELETE FROM main.${table}; INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM later.${table}`,
    )
  }
  database.close()
  return to
}
