// The database that takes the place of a damaged one, filled row by row where nobody else sees it.

import { mkdirSync, rmSync } from 'node:fs'
import { recountAll } from '../backup/snapshot.ts'
import { type Database, openDatabase, type Param, type Row } from '../database/database.ts'
import { PLACE_FILE, PLACE_INLINE } from '../database/schema.ts'
import { repoPaths } from '../paths.ts'
import { syncFile, syncFolder } from '../write/sync-folder.ts'
import type { FoundBlock } from './scan-pack.ts'

const ROWS_PER_TRANSACTION = 5_000
/** Figures that only grow: the larger one is the later one. */
const GROWING = new Set(['epoch', 'roots_version'])

export class NewIndex implements Disposable {
  readonly #folder: string
  readonly database: Database
  readonly #columns = new Map<string, ReadonlySet<string>>()
  #uncommitted = 0

  /** Whatever an earlier try left in the folder goes. */
  constructor(folder: string) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { mode: 0o700 })
    this.#folder = folder
    this.database = openDatabase(repoPaths(folder).database)
  }

  /** The first place of a block stays; false for any other. */
  addPacked(block: FoundBlock, pack: number, at: number): boolean {
    return this.#addBlock(block, pack, at)
  }

  addFile(block: FoundBlock): boolean {
    return this.#addBlock(block, PLACE_FILE, 0)
  }

  addInline(block: FoundBlock): boolean {
    if (this.has(block.mh)) return false
    this.#begin()
    const { lastInsertRowid } = this.#prepared('INSERT INTO data (bytes) VALUES (?)').run(block.bytes)
    return this.#addBlock(block, PLACE_INLINE, Number(lastInsertRowid))
  }

  has(mh: Uint8Array): boolean {
    return this.database.get('SELECT 1 FROM blocks WHERE mh = ?', mh) !== undefined
  }

  /** Of an epoch that `close` makes the current one, so that all of it is as young as can be. */
  #addBlock({ mh, size, crc, links }: FoundBlock, pack: number, at: number): boolean {
    const sql =
      'INSERT INTO blocks (mh, size, crc, kept, links, pack, at, epoch) VALUES (?, ?, ?, 1, ?, ?, ?, 0) ON CONFLICT DO NOTHING'
    if (this.#run(sql, mh, size, crc, links, pack, at) === 1) return true
    // What was met without links may have been met under a codec that has none.
    if (links === 1) this.#run('UPDATE blocks SET links = 1 WHERE mh = ? AND links = 0', mh)
    return false
  }

  /** Nothing is appended to it again. */
  addPack(id: number, committedBytes: number): void {
    this.#run('INSERT INTO packs (id, committed, sealed) VALUES (?, ?, 1)', id, committedBytes)
  }

  /** A row of any other table, as far as this schema has its columns; one that is there already stays. */
  addRow(table: string, row: Row): void {
    if (table === 'meta' && GROWING.has(String(row.key))) {
      this.#run('UPDATE meta SET value = max(value, ?) WHERE key = ?', Number(row.value), String(row.key))
      return
    }
    if (table === 'sqlite_sequence') {
      this.#raiseSequence(String(row.name), Number(row.seq))
      return
    }
    const known = this.#columnsOf(table)
    const names = Object.keys(row).filter(name => known.has(name))
    if (names.length === 0) return
    const sql = `INSERT OR IGNORE INTO "${table}" (${names.map(name => `"${name}"`).join(', ')}) VALUES (${names.map(() => '?').join(', ')})`
    this.#run(sql, ...names.map(name => row[name] as Param))
  }

  /** Ids of packs, leases and pins are never used again. */
  #raiseSequence(name: string, seq: number): void {
    if (!Number.isSafeInteger(seq) || this.#columnsOf(name).size === 0) return
    if (this.database.get('SELECT 1 FROM sqlite_sequence WHERE name = ?', name) === undefined)
      this.#run('INSERT INTO sqlite_sequence (name, seq) VALUES (?, 0)', name)
    this.#run('UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?', seq, name)
  }

  #columnsOf(table: string): ReadonlySet<string> {
    let columns = this.#columns.get(table)
    if (columns === undefined) {
      const rows = this.database.all<{ name: string }>('SELECT name FROM pragma_table_info(?)', table)
      columns = new Set(rows.map(({ name }) => name))
      this.#columns.set(table, columns)
    }
    return columns
  }

  /** What was found counts as just put: what no pin keeps stays for `store.grace`, so that lost pins can be made again. */
  settle(): void {
    const { connection } = this.database
    this.commit()
    connection.exec(`
      BEGIN IMMEDIATE;
      UPDATE meta SET value = value + 1 WHERE key IN ('epoch', 'roots_version');
      UPDATE blocks SET epoch = (SELECT value FROM meta WHERE key = 'epoch');
      INSERT INTO operations (lease, kind, epoch, started, finished)
        SELECT 0, 'rebuild', value, unixepoch() * 1000, unixepoch() * 1000 FROM meta WHERE key = 'epoch';
      COMMIT;`)
    recountAll(connection)
  }

  #begin(): void {
    if (!this.database.connection.isTransaction) this.database.connection.exec('BEGIN IMMEDIATE')
  }

  #run(sql: string, ...params: Param[]): number {
    this.#begin()
    const { changes } = this.#prepared(sql).run(...params)
    if (++this.#uncommitted >= ROWS_PER_TRANSACTION) this.commit()
    return Number(changes)
  }

  readonly #statements = new Map<string, ReturnType<Database['connection']['prepare']>>()

  #prepared(sql: string): ReturnType<Database['connection']['prepare']> {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.database.connection.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  commit(): void {
    if (this.database.connection.isTransaction) this.database.connection.exec('COMMIT')
    this.#uncommitted = 0
  }

  /** Closed, whole in one file, and durable. */
  close(): void {
    this.commit()
    this.database.connection.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    this.database[Symbol.dispose]()
    syncFile(repoPaths(this.#folder).database)
    syncFolder(this.#folder)
  }

  [Symbol.dispose](): void {
    this.database[Symbol.dispose]()
  }
}
