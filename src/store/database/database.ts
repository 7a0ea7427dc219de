// cairn.db: the connection, its pragmas, and the write transaction under the mutex (spec: store §1, §2).

import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { CairnError, isCairnError } from '../../errors.ts'
import { type Logger, SILENT } from '../../observe/log.ts'
import { repoPaths } from '../paths.ts'
import { explainDisk } from '../write/disk-error.ts'
import { syncFolder } from '../write/sync-folder.ts'
import { type DiskFailures, watchDiskFailures } from './disk-failure.ts'
import { checkFilesystem } from './filesystem.ts'
import { checkSchema, migrate, needsMigration } from './migrate.ts'
import { SCHEMA_VERSION } from './schema.ts'
import { explainDamage, explainSqlite, isBusy, isDiskFailure, isFull } from './sqlite-error.ts'
import type { StopGate } from './stop-gate.ts'
import { WalKeeper } from './wal.ts'
import { type Waiting, WriteLock } from './write-lock.ts'

export type Row = Record<string, unknown>
export type Param = string | number | bigint | null | Uint8Array

export interface Transaction {
  all<T = Row>(sql: string, ...params: Param[]): T[]
  get<T = Row>(sql: string, ...params: Param[]): T | undefined
  /** Rows changed. */
  run(sql: string, ...params: Param[]): number
  /** For `INSERT`: the new rowid. */
  insert(sql: string, ...params: Param[]): number
}

export interface Database extends Disposable {
  readonly file: string
  /** Whether nothing can be written: a read-only disk, or one that has failed under this process. */
  readonly readOnly: boolean
  /** Why; undefined as long as it can be written. */
  readonly failure: CairnError | undefined
  /** Reads outside any transaction; statements are prepared once. Never `iterate()`: page by key (spec: store §2.4). */
  all<T = Row>(sql: string, ...params: Param[]): T[]
  get<T = Row>(sql: string, ...params: Param[]): T | undefined
  /** Runs one synchronous function in BEGIN IMMEDIATE under the write mutex. Never called inside itself. */
  transact<T>(work: (tx: Transaction) => T): Promise<T>
  /** The disk failed a sync: closes the connections of this process, and reads go on through others that cannot write (spec: store §7). */
  turnReadOnly(cause: unknown): void
  /** The connection itself, for the store's own files only. */
  readonly connection: DatabaseSync
}

export interface DatabaseOptions {
  /** How it waits for the mutex; default `timer`. */
  readonly waiting?: Waiting
  readonly log?: Logger
  readonly walLimitBytes?: number
  readonly lockWaitMs?: number
  /** Entered around each transaction: for threads that do not get signals. */
  readonly gate?: StopGate
}

const BUSY_TIMEOUT_MS = 5_000
const STATEMENTS = 500

/** Makes the file if there is none, brings it to this schema if it is older. REPO_NEWER, REPO_UNSUITABLE, REPO_DAMAGED. */
export function openDatabase(file: string, options: DatabaseOptions = {}): Database {
  checkFilesystem(dirname(file))
  try {
    return new RepoDatabase(file, options)
  } catch (error) {
    throw explainSqlite(error, file)
  }
}

class RepoDatabase implements Database, Transaction {
  readonly file: string
  readonly #lock: WriteLock | undefined
  readonly #wal: WalKeeper
  readonly #log: Logger
  readonly #statements = new Map<string, StatementSync>()
  readonly #failures: DiskFailures | undefined
  #connection: DatabaseSync
  #failure: CairnError | undefined
  #areNamesSynced = false
  #last: Promise<unknown> = Promise.resolve()

  constructor(file: string, { waiting = 'timer', log = SILENT, walLimitBytes, lockWaitMs, gate }: DatabaseOptions) {
    this.file = file
    this.#log = log
    this.#wal = new WalKeeper({ file, limitBytes: walLimitBytes, log })
    if (!isWritable(file)) {
      this.#connection = connectReadOnly(file)
      this.#failure = new CairnError('READ_ONLY', `${file} cannot be written`, { hint: 'make the repository writable' })
      needsMigration(this.#connection, file)
      checkNotReplaced(file)
      return
    }
    this.#lock = new WriteLock({ file: join(dirname(file), 'write.lock'), waiting, patienceMs: lockWaitMs, gate })
    this.#connection = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
    try {
      const connection = this.#connection
      const migrateNow = () => migrate(connection, file)
      const isOlder = needsMigration(connection, file)
      // Asked once the connection holds its lock: a rebuild that saw nobody has set its mark before.
      checkNotReplaced(file)
      if (isOlder) this.#lock.runBlocking(() => true, migrateNow)
      setPragmas(connection)
      this.#failures = watchDiskFailures(file, failure => this.#stopWriting(failure))
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  get connection(): DatabaseSync {
    return this.#connection
  }

  get readOnly(): boolean {
    return this.#failure !== undefined
  }

  get failure(): CairnError | undefined {
    return this.#failure
  }

  all<T = Row>(sql: string, ...params: Param[]): T[] {
    try {
      return this.#prepare(sql).all(...params) as T[]
    } catch (error) {
      throw explainDamage(error, this.file)
    }
  }

  get<T = Row>(sql: string, ...params: Param[]): T | undefined {
    try {
      return this.#prepare(sql).get(...params) as T | undefined
    } catch (error) {
      throw explainDamage(error, this.file)
    }
  }

  run(sql: string, ...params: Param[]): number {
    return Number(this.#prepare(sql).run(...params).changes)
  }

  insert(sql: string, ...params: Param[]): number {
    return Number(this.#prepare(sql).run(...params).lastInsertRowid)
  }

  transact<T>(work: (tx: Transaction) => T): Promise<T> {
    const turn = this.#last.then(() => this.#transactNow(work))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async #transactNow<T>(work: (tx: Transaction) => T): Promise<T> {
    if (this.#failure !== undefined || this.#lock === undefined) throw this.#failure
    try {
      this.#syncNames()
      return await this.#lock.run(
        () => this.#begin(),
        () => {
          const result = this.#complete(work)
          this.#shortenWal()
          return result
        },
      )
    } catch (error) {
      if (isDiskFailure(error)) this.turnReadOnly(error)
      throw explainSqlite(error, this.file)
    }
  }

  /** SQLite does not look at what its own sync of the folder says: without one that went well a new WAL may lose its name in a power cut. */
  #syncNames(): void {
    if (this.#areNamesSynced) return
    try {
      syncFolder(dirname(this.file))
    } catch (cause) {
      const error = explainDisk(cause, dirname(this.file))
      if (isCairnError(error, 'READ_ONLY')) this.turnReadOnly(cause)
      throw error
    }
    this.#areNamesSynced = true
  }

  /** What is committed stays so: a checkpoint that fails must not make its transaction look failed, and be done again. */
  #shortenWal(): void {
    try {
      this.#wal.afterCommit(this.#connection, BUSY_TIMEOUT_MS)
    } catch (error) {
      if (isDiskFailure(error)) this.turnReadOnly(error)
      // Without room for the pages the WAL keeps them; the next commit tries again.
      else if (!isFull(error)) throw error
    }
  }

  /** False if SQLite's own lock is held: a process that closes, or one that recovers the WAL. */
  #begin(): boolean {
    if (this.#failure !== undefined) throw this.#failure
    this.#connection.exec('PRAGMA busy_timeout = 0')
    try {
      this.#connection.exec('BEGIN IMMEDIATE')
      return true
    } catch (error) {
      if (isBusy(error)) return false
      throw error
    } finally {
      this.#connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    }
  }

  #complete<T>(work: (tx: Transaction) => T): T {
    try {
      const version = this.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0
      if (version > SCHEMA_VERSION) checkSchema(this.#connection, this.file, version)
      const result = work(this)
      this.#connection.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK')
      throw error
    }
  }

  turnReadOnly(cause: unknown): void {
    if (this.#failure !== undefined) return
    const hint = isCairnError(cause, 'READ_ONLY') ? { hint: cause.hint } : {}
    const failure = new CairnError('READ_ONLY', 'the disk failed; nothing more is written by this process', {
      cause,
      ...hint,
    })
    this.#stopWriting(failure)
    this.#failures?.tell(failure)
  }

  #stopWriting(failure: CairnError): void {
    if (this.#failure !== undefined) return
    this.#failure = failure
    this.#log.error('the disk failed: nothing more is written', { err: failure.cause })
    this.#statements.clear()
    this.#connection.close()
    this.#connection = connectReadOnly(this.file)
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      if (this.#statements.size >= STATEMENTS) this.#statements.clear()
      statement = this.#connection.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  [Symbol.dispose](): void {
    this.#failure ??= new CairnError('SHUTTING_DOWN', 'the store is closed')
    this.#failures?.[Symbol.dispose]()
    this.#statements.clear()
    if (this.#connection.isOpen) this.#connection.close()
    this.#lock?.[Symbol.dispose]()
  }
}

/** REPO_DAMAGED while a rebuild puts another database in the place of this one, or was killed at it. */
function checkNotReplaced(file: string): void {
  if (!existsSync(repoPaths(dirname(file)).rebuildMark)) return
  throw new CairnError('REPO_DAMAGED', `${file} is being replaced by a rebuilt one, or a rebuild was interrupted`, {
    hint: 'end it: `cairn repo rebuild`',
  })
}

function setPragmas(connection: DatabaseSync): void {
  const sync = process.platform === 'darwin' ? 'PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;' : ''
  // Random keys of a million rows reach many pages: the default cache of 2 MB makes each insert a read.
  connection.exec(`PRAGMA synchronous = FULL; ${sync} PRAGMA wal_autocheckpoint = 1000; PRAGMA cache_size = -16384`)
}

function isWritable(file: string): boolean {
  try {
    accessSync(dirname(file), constants.W_OK)
    if (existsSync(file)) accessSync(file, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** With a WAL that still holds commits, `immutable` would show an older state without a word (spec: store §7). */
function connectReadOnly(file: string): DatabaseSync {
  const hasWal = (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
  if (hasWal || isWritable(file)) return new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
  return new DatabaseSync(`${pathToFileURL(file).href}?immutable=1`, { readOnly: true })
}
