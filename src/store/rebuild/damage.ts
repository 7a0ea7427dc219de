// Whether a repository's database is so damaged that only a rebuild helps, asked with nothing of a store open.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isCairnError } from '../../errors.ts'
import { openDatabase } from '../database/database.ts'
import { isLockHeld } from '../database/kernel-lock.ts'
import { repoPaths } from '../paths.ts'
import { checkRepoExists } from '../repo.ts'

/** Beside living writers a database that opens is believed: SQLite's test reads all of it in one transaction (spec: store §2.4). */
export function isDatabaseBroken(path: string): boolean {
  try {
    checkRepoExists(path)
    using database = openDatabase(repoPaths(path).database)
    if (hasWriters(path)) return false
    return database.all('PRAGMA integrity_check(1)').some(row => String(Object.values(row)[0]) !== 'ok')
  } catch (error) {
    if (isCairnError(error, 'REPO_DAMAGED')) return true
    throw error
  }
}

function hasWriters(path: string): boolean {
  const { leases } = repoPaths(path)
  if (!existsSync(leases)) return false
  return readdirSync(leases).some(name => name.endsWith('.lock') && isLockHeld(join(leases, name)))
}
