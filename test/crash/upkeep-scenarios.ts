// What is done to a repository as a whole: making it, bringing an older one to this schema.

import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CID } from 'multiformats/cid'
import { MIGRATIONS } from '../../src/store/database/schema.ts'
import { repoPaths } from '../../src/store/paths.ts'
import { cairnOk } from '../support/cairn.ts'
import { findViolations, type Ledger } from './invariants.ts'
import type { Scenario } from './kill-points.ts'
import { fileNameOf } from './raw-repo.ts'
import { commandRun, NOTHING, type World } from './scenarios.ts'

export async function upkeepScenarios(world: World, work: string): Promise<Scenario[]> {
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
    ...(await backupScenarios(world, work)),
    rebuildScenario(world, await makeLost(world.base, join(work, 'lost'))),
    repairScenario(world, makeDamaged(world, join(work, 'damaged'))),
  ]
}

/** Killed, a backup leaves the one before it whole, and a restore nothing that is taken for a repository. */
async function backupScenarios(world: World, work: string): Promise<Scenario[]> {
  const [earlier, later, full] = ['earlier', 'later', 'full'].map(name => join(work, name)) as [string, string, string]
  await cairnOk(['backup', earlier], { repo: world.base })
  cpSync(world.base, later, { recursive: true })
  const extra = await cairnOk(['add', '-Q', join(world.inputs, 'new-single')], { repo: later })
  cpSync(earlier, full, { recursive: true })
  await cairnOk(['backup', full], { repo: later })
  const all = { ...world.ledger, whole: [...world.ledger.whole, extra], pinned: [...world.ledger.pinned, extra] }
  return [
    {
      name: 'backup',
      base: later,
      ledger: all,
      prepare: ({ out }) => cpSync(earlier, join(out, 'backup'), { recursive: true }),
      run: context => commandRun(['backup', join(context.out, 'backup')], () => NOTHING)(context),
      after: async ({ repo, out, killed }) => {
        const backup = join(out, 'backup')
        const found = await judgeRestored(backup, join(out, 'first'), killed ? world.ledger : all)
        if (!killed) return found
        await cairnOk(['backup', backup], { repo })
        return [...found, ...(await judgeRestored(backup, join(out, 'second'), all))]
      },
    },
    {
      name: 'restore',
      // What was only in grace comes back, and may go with the first collection.
      ledger: { ...all, whole: all.pinned },
      run: commandRun(['restore', full], () => NOTHING),
      after: async ({ repo }) => {
        if (!existsSync(join(repo, 'cairn.db'))) await cairnOk(['restore', full], { repo })
        return []
      },
    },
  ]
}

async function judgeRestored(backup: string, path: string, ledger: Ledger): Promise<string[]> {
  await cairnOk(['restore', backup], { repo: path })
  const found = findViolations({ path, ledger }).map(text => `restored: ${text}`)
  rmSync(path, { recursive: true })
  return found
}

/** Its database is gone; the daily backup that `repo check` has made is there. */
async function makeLost(base: string, to: string): Promise<string> {
  cpSync(base, to, { recursive: true })
  await cairnOk(['repo', 'check'], { repo: to })
  rmSync(join(to, 'cairn.db'))
  return to
}

const rebuildScenario = (world: World, base: string): Scenario => ({
  name: 'rebuild',
  base,
  ledger: { ...world.ledger, unpinned: [] },
  makes: true,
  run: commandRun(['repo', 'rebuild'], () => NOTHING),
  after: async ({ repo, killed }) => {
    // In the midst of the switch every command says what ends it.
    const isOpen = existsSync(join(repo, 'cairn.db')) && !existsSync(repoPaths(repo).rebuildMark)
    if (killed && !isOpen) await cairnOk(['repo', 'rebuild'], { repo })
    return []
  },
})

/** All of it can be mended: a wrong counter, files that are nobody's, a pinned block whose bytes another repository has. */
function makeDamaged(world: World, to: string): string {
  cpSync(world.base, to, { recursive: true })
  const fileOf = (mh: Uint8Array) => join(to, 'blocks', fileNameOf(mh))
  writeFileSync(fileOf(CID.parse(world.single).multihash.bytes), 'garbled')
  const nobodys = fileOf(sha256Of(Buffer.from('nobody')))
  mkdirSync(dirname(nobodys), { recursive: true })
  writeFileSync(nobodys, 'nobody')
  writeFileSync(join(dirname(nobodys), '.1-1.tmp'), 'half of somethi')
  const database = new DatabaseSync(join(to, 'cairn.db'))
  database.exec("UPDATE counters SET value = value + 5 WHERE name = 'blocks'")
  database.close()
  return to
}

const sha256Of = (bytes: Uint8Array): Uint8Array =>
  Buffer.concat([Uint8Array.of(0x12, 0x20), createHash('sha256').update(bytes).digest()])

function repairScenario(world: World, base: string): Scenario {
  const args = ['repo', 'check', '--repair', '--read-data', '--from', world.base]
  return {
    name: 'repair',
    base,
    ledger: world.ledger,
    makes: true,
    run: commandRun(args, () => NOTHING),
    after: async ({ repo, killed }) => {
      if (killed) await cairnOk(args, { repo })
      return []
    },
  }
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
