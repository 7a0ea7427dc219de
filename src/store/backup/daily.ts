// The daily backup that a repository keeps of itself: what packs and block files cannot bring back, should the database be lost.

import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Wait } from '../../block/source.ts'
import { isCairnError, toCairnError } from '../../errors.ts'
import type { Logger } from '../../observe/log.ts'
import { takeLock } from '../database/kernel-lock.ts'
import { repoPaths } from '../paths.ts'
import type { Store } from '../store.ts'
import { listDailyBackups, writeDailyBackup } from './daily-file.ts'
import { appendInline, listInlineLogs } from './inline-log.ts'
import { listDailyFiles } from './side-files.ts'

const KEPT = 7
const DAY_MS = 24 * 3_600_000

export interface DailyOptions extends Wait {
  readonly store: Store
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
export async function backUpDaily({ store, log, now = false, signal }: DailyOptions): Promise<string | undefined> {
  const { path, database } = store
  const { backups } = repoPaths(path)
  if (database.readOnly || !(now || isBackupDue(path))) return undefined
  using lock = takeLock(join(backups, 'backup.lock'))
  if (lock === undefined || !(now || isBackupDue(path))) return undefined
  const startedAt = performance.now()
  const { maxBytes, diskBytes } = store.counters()
  // First the blocks, then the pins: each root that the file names is of a tree whose inner nodes are safe, or came after it.
  const inline = await appendInline({ path, database, mostBytes: maxBytes - diskBytes, signal })
  if (!inline.isComplete) log.warn('no room in store.max for a backup of every inner node', { ...inline })
  const files = Object.fromEntries(listDailyFiles(path).map(({ name, file }) => [name, readFileSync(file, 'base64')]))
  const file = await writeDailyBackup({ path, database, files, nowMs: Date.now(), signal })
  for (const old of listDailyBackups(path).slice(KEPT)) rmSync(old.file, { force: true })
  await countBytes(store)
  log.debug('daily backup made', { ...inline, ms: Math.round(performance.now() - startedAt) })
  return file
}

/**
 * As `backUpDaily`, for those whose work it is not: a disk that has no room for it is told of, and the next try is theirs.
 * One that fails is no matter of this file alone: nothing more is written, and the command says so.
 */
export async function keepDailyBackup(options: Omit<DailyOptions, 'now'>): Promise<string | undefined> {
  try {
    return await backUpDaily(options)
  } catch (error) {
    options.signal.throwIfAborted()
    const known = toCairnError(error)
    if (isCairnError(known, 'READ_ONLY')) {
      options.store.database.turnReadOnly(known)
      throw known
    }
    options.log.warn('the daily backup could not be made', { err: error })
    return undefined
  }
}

/** Backups count for `store.max`, as all that the repository holds. */
async function countBytes({ path, database }: Store): Promise<void> {
  const bytes = [...listDailyBackups(path).map(({ file }) => file), ...listInlineLogs(path)]
    .map(file => statSync(file, { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0)
  const sql = "INSERT INTO counters VALUES ('backup_bytes', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
  await database.transact(tx => tx.run(sql, bytes))
}
