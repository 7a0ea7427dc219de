// Putting the new database in the place of the old one, which is kept: each step can be done again after a kill.
// The old WAL must not meet the new database: SQLite would play it back. While the mark stands, nobody may open either.

import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { CairnError } from '../../errors.ts'
import { repoPaths } from '../paths.ts'
import { syncFile, syncFolder } from '../write/sync-folder.ts'
import { checkNobody, openersOf } from './alone.ts'

const WAIT_MS = 50
const TRIES = 100

/** The new database is complete and everybody else is out: from here on it counts. Returns where the old one is kept. */
export async function switchDatabase(path: string): Promise<string | undefined> {
  const { rebuilt, rebuildMark, database } = repoPaths(path)
  const stamp = new Date().toISOString().replaceAll(':', '-').slice(0, 19)
  const aside = existsSync(database) ? `damaged-${stamp}` : ''
  writeFileSync(`${rebuildMark}.tmp`, aside, { mode: 0o600 })
  syncFile(`${rebuildMark}.tmp`)
  renameSync(`${rebuildMark}.tmp`, rebuildMark)
  syncFolder(rebuilt)
  // Who came before the mark was there is seen here; who comes later sees the mark.
  try {
    checkNobody(path)
  } catch (error) {
    rmSync(rebuildMark)
    throw error
  }
  return finishSwitch(path)
}

export const isSwitching = (path: string): boolean => existsSync(repoPaths(path).rebuildMark)

/** To be called whenever the mark is found, with the repository claimed. */
export async function finishSwitch(path: string): Promise<string | undefined> {
  const { rebuilt, rebuildMark, database } = repoPaths(path)
  const name = readFileSync(rebuildMark, 'utf8')
  const aside = name === '' ? undefined : join(path, basename(name))
  const fresh = repoPaths(rebuilt).database
  if (existsSync(fresh)) {
    if (aside !== undefined) setAside(database, aside)
    for (const end of ['-wal', '-shm']) rmSync(`${database}${end}`, { force: true })
    syncFolder(path)
    renameSync(fresh, database)
  }
  syncFolder(path)
  await waitForNobody(path, aside)
  rmSync(rebuildMark)
  syncFolder(rebuilt)
  rmSync(rebuilt, { recursive: true, force: true })
  syncFolder(path)
  return aside
}

function setAside(database: string, aside: string): void {
  mkdirSync(aside, { recursive: true, mode: 0o700 })
  const kept = join(aside, basename(database))
  if (!existsSync(kept)) linkSync(database, kept)
  for (const end of ['-wal', '-shm'])
    if (existsSync(`${database}${end}`)) renameSync(`${database}${end}`, `${kept}${end}`)
  syncFolder(aside)
}

/** One that opened the old database in the same moment has seen the mark by now and leaves. */
async function waitForNobody(path: string, aside: string | undefined): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      checkNobody(path)
      if (aside === undefined || openersOf(aside).length === 0) return
    } catch (error) {
      if (tries === TRIES)
        throw new CairnError('REPO_LOCKED', 'a process still has the old database open', { cause: error })
    }
    await setTimeout(WAIT_MS)
  }
}
