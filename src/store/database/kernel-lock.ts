// Locks that die with their process: an empty SQLite database under BEGIN EXCLUSIVE, as Node has no flock (spec: store §1, §3).
// The file is never opened through `fs`: any close of it in this process would drop the lock (spec: store §2.1).

import { closeSync, existsSync, lstatSync, openSync, readFileSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { explainDisk } from '../write/disk-error.ts'
import { sleep } from './sleep.ts'
import { explainSqlite, isBusy, mayBeFull } from './sqlite-error.ts'

/** Somebody who only asks whether it is held is in the way for microseconds. */
const TRIES = 4
const TRY_MS = 2

/** One connection to a lock file; taking and giving back cost a few microseconds. */
export class KernelLock implements Disposable {
  readonly file: string
  readonly #connection: DatabaseSync
  #prepared = false

  constructor(file: string) {
    this.file = file
    try {
      this.#connection = new DatabaseSync(file, { timeout: 0 })
    } catch (error) {
      throw explainNew(error, file)
    }
  }

  /** False if another connection, of this or any process, has it. */
  take(): boolean {
    try {
      this.#prepare()
      this.#connection.exec('BEGIN EXCLUSIVE')
      return true
    } catch (error) {
      if (isBusy(error)) return false
      throw error
    }
  }

  /**
   * BEGIN EXCLUSIVE prepares the first page of an empty database: with a journal on the disk that is a file made and
   * removed each time, ten times the cost of the lock, and impossible on a full disk. To say so, SQLite must read: BUSY too.
   */
  #prepare(): void {
    if (this.#prepared) return
    this.#connection.exec('PRAGMA journal_mode = MEMORY')
    this.#prepared = true
  }

  giveBack(): void {
    this.#connection.exec('ROLLBACK')
  }

  [Symbol.dispose](): void {
    if (this.#connection.isOpen) this.#connection.close()
  }
}

/** What tells more than SQLite's words. A place where nothing may be written is not among them: it is no disk that fails. */
const OF_THE_DISK = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EIO'])

/** SQLite does not say why a file cannot be made: another name beside it, which is no lock, tells. */
function explainNew(error: unknown, file: string): unknown {
  if (!mayBeFull(error)) return error
  const probe = `${file}.${process.pid}.tmp`
  try {
    closeSync(openSync(probe, 'wx', 0o600))
    rmSync(probe, { force: true })
  } catch (cause) {
    if (OF_THE_DISK.has((cause as NodeJS.ErrnoException).code ?? '')) return explainDisk(cause, file)
  }
  return explainSqlite(error, file)
}

/** Takes the lock for as long as the result lives; undefined if it is held. */
export function takeLock(file: string): KernelLock | undefined {
  const lock = new KernelLock(file)
  for (let tries = 0; tries < TRIES; tries++) {
    if (lock.take()) return lock
    sleep(TRY_MS)
  }
  lock[Symbol.dispose]()
  return undefined
}

/** Whether some process holds the lock. Reads under a shared lock, so that two who ask do not take each other for the holder. */
export function isLockHeld(file: string): boolean {
  if (!existsSync(file)) return false
  const connection = new DatabaseSync(file, { timeout: 0 })
  try {
    connection.prepare('SELECT 1 FROM sqlite_schema').get()
    return false
  } catch (error) {
    if (isBusy(error)) return true
    throw error
  } finally {
    connection.close()
  }
}

/** The process that holds it, where the system tells (Linux). */
export function lockHolder(file: string): number | undefined {
  try {
    const { ino } = lstatSync(file)
    const line = readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .find(text => text.includes('POSIX') && text.includes(' WRITE ') && text.includes(`:${ino} `))
    const pid = Number(/WRITE\s+(\d+)/.exec(line ?? '')?.[1])
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    // Only for a message: elsewhere than on Linux there is no such list.
    return undefined
  }
}
