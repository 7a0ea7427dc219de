// The repository's folder: how it is made, and the lock that only one daemon can hold (spec: store §1).

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { CairnError } from '../errors.ts'
import { openDatabase } from './database.ts'
import { checkFilesystem } from './filesystem.ts'
import { takeLock } from './kernel-lock.ts'
import { repoPaths } from './paths.ts'
import { writeReserve } from './reserve.ts'
import { syncFolder } from './sync-folder.ts'

export const repoExists = (path: string): boolean => existsSync(repoPaths(path).database)

/** NO_REPO unless there is one. */
export function checkRepoExists(path: string): void {
  if (!repoExists(path)) throw new CairnError('NO_REPO', `there is no repository at ${path}`)
}

/** Makes the folder and what belongs into it; what is there already stays. REPO_UNSUITABLE on a network file system. */
export async function initRepo(path: string): Promise<void> {
  const root = resolve(path)
  const paths = repoPaths(root)
  mkdirSync(root, { recursive: true, mode: 0o700 })
  checkFilesystem(root)
  for (const folder of [paths.packs, paths.blocks, paths.leases, paths.quarantine, paths.backups])
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  await writeReserve(paths.reserve)
  openDatabase(paths.database)[Symbol.dispose]()
  syncFolder(root)
  syncFolder(dirname(root))
}

/** Held for the life of the result. REPO_LOCKED, with the pid of the holder, if a daemon runs. */
export function holdDaemonLock(path: string): Disposable {
  checkRepoExists(path)
  const { daemonLock, daemonPid } = repoPaths(path)
  const lock = takeLock(daemonLock)
  if (lock === undefined)
    throw new CairnError('REPO_LOCKED', `a daemon runs on ${path} already (process ${readPid(daemonPid)})`)
  // Beside the lock file, not in it: the lock would be lost with the first close of its file (spec: store §2.1).
  writeFileSync(daemonPid, `${process.pid}\n`, { mode: 0o600 })
  return lock
}

function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    // Only for the message; the daemon may not have written it yet.
    return 'unknown'
  }
}
