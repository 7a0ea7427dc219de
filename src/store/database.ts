// cairn.db: the connection, its pragmas, and the write transaction under the mutex (spec: store §1, §2).

import type { DatabaseSync } from 'node:sqlite'

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
  /** Reads outside any transaction; statements are prepared once. Never `iterate()`: page by key (spec: store §2.4). */
  all<T = Row>(sql: string, ...params: Param[]): T[]
  get<T = Row>(sql: string, ...params: Param[]): T | undefined
  /** Runs one synchronous function in BEGIN IMMEDIATE under the write mutex. Never called inside itself. */
  transact<T>(work: (tx: Transaction) => T): Promise<T>
  /** The connection itself, for the store's own files only. */
  readonly connection: DatabaseSync
}
