// Keeping the WAL short: SQLite can only start it anew in a moment without writers, which is under our mutex (spec: store §2.4).

import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { LIMITS } from '../../limits.ts'
import type { Logger } from '../../observe/log.ts'

const TRUNCATE_WAIT_MS = 150
/** Between two tries that readers made fail: each of them keeps every writer waiting. */
const RETRY_MS = 1_000
/** 256 MiB at the usual limit. */
const ALARM_TIMES = 4
const ALARM_EVERY_MS = 10_000

export const walBytes = (databaseFile: string): number =>
  statSync(`${databaseFile}-wal`, { throwIfNoEntry: false })?.size ?? 0

/** To be called under the mutex after a commit, outside a transaction. */
export class WalKeeper {
  readonly #file: string
  readonly #limitBytes: number
  readonly #log: Logger
  #notBefore = 0
  #noAlarmBefore = 0

  constructor({ file, limitBytes, log }: { file: string; limitBytes?: number | undefined; log: Logger }) {
    this.#file = file
    this.#limitBytes = limitBytes ?? LIMITS.walBytes.value
    this.#log = log
  }

  afterCommit(connection: DatabaseSync, busyTimeoutMs: number): void {
    const sizeBytes = walBytes(this.#file)
    if (sizeBytes > this.#limitBytes * ALARM_TIMES) this.#alarm(sizeBytes)
    if (sizeBytes <= this.#limitBytes || performance.now() < this.#notBefore) return
    this.#notBefore = performance.now() + RETRY_MS
    connection.exec(`PRAGMA busy_timeout = ${TRUNCATE_WAIT_MS}`)
    try {
      if (connection.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy === 0) {
        this.#notBefore = 0
        return
      }
    } finally {
      connection.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`)
    }
    connection.exec('PRAGMA wal_checkpoint(PASSIVE)')
  }

  /** At once when it has grown so far, whenever the next try would be. */
  #alarm(sizeBytes: number): void {
    if (performance.now() < this.#noAlarmBefore) return
    this.#noAlarmBefore = performance.now() + ALARM_EVERY_MS
    this.#log.warn('the WAL cannot be started anew: some process keeps reading', { sizeBytes })
  }
}
