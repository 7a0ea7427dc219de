// The daily backup that a repository keeps of itself: what packs and block files cannot bring back, should the database be lost.

import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Wait } from '../../block/source.ts'
import type { Logger } from '../../observe/log.ts'
import type { Database } from '../database/database.ts'
import { takeLock } from '../database/kernel-lock.ts'
import { repoPaths } from '../paths.ts'
import { listDailyBackups, writeDailyBackup } from './daily-file.ts'
import { appendInline, listInlineLogs } from './inline-log.ts'

const KEPT = 7
const DAY_MS = 24 * 3_600_000

export interface DailyOptions extends Wait {
  readonly path: string
  readonly database: Database
  readonly log: Logger
  /** Even if the last one is younger than a day. */
  readonly now?: boolean
}

/** A clock that was set back makes the newest one lie in the future: then it is time as well. */
export function isBackupDue(path: string, nowMs: number = Date.now()): boolean {
  const ageMs = nowMs - (listDailyBackups(path)[0]?.madeAtMs ?? 0)
  return ageMs >= DAY_MS || ageMs < -DAY_MS
}

/** Made if it is due and nobody else makes it; resolves with its file. */
export async function backUpDaily({
  path,
  database,
  log,
  now = false,
  signal,
}: DailyOptions): Promise<string | undefined> {
  if (database.readOnly || !(now || isBackupDue(path))) return undefined
  using lock = takeLock(join(repoPaths(path).backups, 'backup.lock'))
  if (lock === undefined || !(now || isBackupDue(path))) return undefined
  const startedAt = performance.now()
  // First the blocks, then the pins: each root that the file names is of a tree whose inner nodes are safe, or came after it.
  const inline = await appendInline({ path, database }, { signal })
  const configFile = join(path, 'config.json')
  const config = existsSync(configFile) ? readFileSync(configFile, 'utf8') : undefined
  const file = await writeDailyBackup({ path, database, config, nowMs: Date.now(), signal })
  for (const old of listDailyBackups(path).slice(KEPT)) rmSync(old.file, { force: true })
  const bytes = [...listDailyBackups(path).map(({ file: name }) => name), ...listInlineLogs(path)]
    .map(name => statSync(name, { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0)
  await database.transact(tx =>
    tx.run(
      "INSERT INTO counters VALUES ('backup_bytes', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      bytes,
    ),
  )
  log.debug('daily backup made', { ...inline, ms: Math.round(performance.now() - startedAt) })
  return file
}
