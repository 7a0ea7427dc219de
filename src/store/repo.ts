// The repository's folder: how it is made, and the lock that only one daemon can hold (spec: store §1).

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { CairnError } from '../errors.ts'
import { makeFolders, whyUnwritable } from '../writable.ts'
import { openDatabase } from './database/database.ts'
import { checkFilesystem } from './database/filesystem.ts'
import { takeLock } from './database/kernel-lock.ts'
import { explainSqlite } from './database/sqlite-error.ts'
import { repoPaths } from './paths.ts'
import { writeReserve } from './room/reserve.ts'
import { makeLastingFolders, syncFolder } from './write/sync-folder.ts'

/** Those that are there stay as they are. */
export function makeSubfolders(path: string): void {
  const { packs, blocks, leases, quarantine, backups } = repoPaths(path)
  for (const folder of [packs, blocks, leases, quarantine, backups]) makeFolders(folder, 0o700)
}

export const repoExists = (path: string): boolean => existsSync(repoPaths(path).database)

/** NO_REPO unless there is one; REPO_DAMAGED if all but its database is there. */
export function checkRepoExists(path: string): void {
  checkNotLost(path)
  if (!repoExists(path)) throw new CairnError('NO_REPO', `there is no repository at ${path}`)
}

/** A new index beside packs of an old one would give their names to new packs, and a check would find nothing but orphans. */
function checkNotLost(path: string): void {
  const { database, packs, blocks, backups, restoring } = repoPaths(path)
  // An empty one holds nothing, and SQLite makes a new one of it without a word.
  if ((statSync(database, { throwIfNoEntry: false })?.size ?? 0) > 0 || !existsSync(packs)) return
  if (existsSync(restoring)) {
    throw new CairnError('REPO_DAMAGED', `a restore into ${path} was not finished`, {
      hint: 'run the same `cairn restore` again',
    })
  }
  const names = [packs, blocks, backups].flatMap(folder => (existsSync(folder) ? readdirSync(folder) : []))
  if (names.every(name => name.endsWith('.lock'))) return
  throw new CairnError('REPO_DAMAGED', `${database} is gone or empty, and what it was the index of is there`, {
    hint: 'make it anew from the packs, the block files and the daily backup: `cairn repo rebuild`',
  })
}

/** Makes the folder and what belongs into it; what is there already stays. REPO_UNSUITABLE on a network file system. */
export async function initRepo(path: string): Promise<void> {
  const root = resolve(path)
  const paths = repoPaths(root)
  checkNotLost(root)
  try {
    makeLastingFolders(root, 0o700)
    checkFilesystem(root)
    makeSubfolders(root)
  } catch (error) {
    throw unsuitable(error, root)
  }
  await writeReserve(paths.reserve)
  openDatabase(paths.database)[Symbol.dispose]()
  syncFolder(root)
}

function unsuitable(cause: unknown, root: string): unknown {
  const why = whyUnwritable(cause)
  if (why === undefined) return cause
  return new CairnError('REPO_UNSUITABLE', `no repository can be made at ${root}: ${why}`, {
    cause,
    hint: 'choose a folder that you may write to: --repo or $CAIRN_REPO',
  })
}

/** Held for the life of the result. REPO_LOCKED, with the pid of the holder, if a daemon runs. */
export function holdDaemonLock(path: string): Disposable {
  checkRepoExists(path)
  const { daemonLock, daemonPid } = repoPaths(path)
  const lock = takeOrExplain(daemonLock)
  if (lock === undefined)
    throw new CairnError('REPO_LOCKED', `a daemon runs on ${path} already (process ${readPid(daemonPid)})`)
  // Beside the lock file, not in it: the lock would be lost with the first close of its file (spec: store §2.1).
  writeFileSync(daemonPid, `${process.pid}\n`, { mode: 0o600 })
  return lock
}

function takeOrExplain(file: string): Disposable | undefined {
  try {
    return takeLock(file)
  } catch (error) {
    throw explainSqlite(error, file)
  }
}

function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    // Only for the message; the daemon may not have written it yet.
    return 'unknown'
  }
}
