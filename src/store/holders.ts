// Which processes write here, and which of them are stopped: they keep what they need until they go on or are ended (spec: store §3).

import { readFileSync } from 'node:fs'
import type { Database } from './database/database.ts'

export interface Writer {
  readonly pid: number
  /** Milliseconds since the epoch. */
  readonly since: number
  /** By SIGSTOP or Ctrl-Z; only where the system tells (Linux), and only if so. */
  readonly stopped?: true
}

interface LeaseRow {
  readonly pid: number
  readonly started: number
}

const MOST = 1000

/** Every process that holds a lease. */
export const listWriters = (database: Database): Writer[] =>
  database.all<LeaseRow>(`SELECT pid, started FROM leases ORDER BY id LIMIT ${MOST}`).map(toWriter)

/** Stopped ones with an operation under way: no collection takes what was put or met since it began. */
export const findStoppedHolders = (database: Database): Writer[] =>
  database
    .all<LeaseRow>(
      `SELECT l.pid, min(o.started) AS started FROM operations o JOIN leases l ON l.id = o.lease
       WHERE o.finished IS NULL GROUP BY l.id ORDER BY l.id LIMIT ${MOST}`,
    )
    .map(toWriter)
    .filter(({ stopped }) => stopped === true)

const toWriter = ({ pid, started: since }: LeaseRow): Writer =>
  isStopped(pid) ? { pid, since, stopped: true } : { pid, since }

export function isStopped(pid: number): boolean {
  try {
    // The name in parentheses may have spaces and parentheses of its own.
    return /\) [Tt] [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    // No such list on this system, or the process has just ended.
    return false
  }
}
