// The SQLite table that libp2p and Helia keep their records in (interface-datastore).

import { BaseDatastore } from 'datastore-core'
import type { Batch, Datastore, KeyQuery, Pair, Query } from 'interface-datastore'
import { Key } from 'interface-datastore'
import { NotFoundError } from 'interface-store'
import type { Statement, Store } from './store.ts'

const PAGE_ROWS = 500

export const sqliteDatastore = (store: Store): Datastore => new SqliteDatastore(store)

const putStatement = (key: Key, value: Uint8Array): Statement => ({
  sql: 'INSERT INTO datastore (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  params: [key.toString(), value],
})

const deleteStatement = (key: Key): Statement => ({
  sql: 'DELETE FROM datastore WHERE key = ?',
  params: [key.toString()],
})

class SqliteDatastore extends BaseDatastore {
  readonly #store: Store

  constructor(store: Store) {
    super()
    this.#store = store
  }

  override async put(key: Key, value: Uint8Array): Promise<Key> {
    await this.#store.write([putStatement(key, value)])
    return key
  }

  override get(key: Key): Uint8Array {
    const row = this.#store.database.get<{ value: Uint8Array }>(
      'SELECT value FROM datastore WHERE key = ?',
      key.toString(),
    )
    if (row === undefined) throw new NotFoundError(`${key} is not in the datastore`)
    return row.value
  }

  override has(key: Key): boolean {
    return this.#store.database.get('SELECT 1 FROM datastore WHERE key = ?', key.toString()) !== undefined
  }

  override async delete(key: Key): Promise<void> {
    // Most deletes are of records that expired long ago: what is not there costs no write.
    if (this.has(key)) await this.#store.write([deleteStatement(key)])
  }

  override batch(): Batch {
    const statements: Statement[] = []
    return {
      put: (key, value) => void statements.push(putStatement(key, value)),
      delete: key => void statements.push(deleteStatement(key)),
      commit: async () => {
        if (statements.length > 0) await this.#store.write(statements.splice(0))
      },
    }
  }

  override async *_all({ prefix }: Query): AsyncGenerator<Pair> {
    for await (const { key, value } of this.#page<{ key: string; value: Uint8Array }>('key, value', prefix))
      yield { key: new Key(key, false), value }
  }

  override async *_allKeys({ prefix }: KeyQuery): AsyncGenerator<Key> {
    for await (const { key } of this.#page<{ key: string }>('key', prefix)) yield new Key(key, false)
  }

  /** By key, so that no read stays open between two records (spec: store §2.4). */
  async *#page<T extends { key: string }>(columns: string, prefix = ''): AsyncGenerator<T> {
    const end = `${prefix}\u{10ffff}`
    let after = ''
    for (;;) {
      const sql = `SELECT ${columns} FROM datastore WHERE key > ? AND key >= ? AND key < ? ORDER BY key LIMIT ${PAGE_ROWS}`
      const rows = this.#store.database.all<T>(sql, after, prefix, end)
      yield* rows
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE_ROWS) return
      after = last.key
    }
  }
}
