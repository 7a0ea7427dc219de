// The index of a backup: the database as it was in one moment, less what means nothing elsewhere. By VACUUM INTO (spec: store §2.1).

import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Database, Param, Transaction } from '../database/database.ts'
import { PLACE_FILE, PLACE_INLINE, RECORD_OVERHEAD } from '../database/schema.ts'
import { syncFile } from '../write/sync-folder.ts'

/** An index that nobody changes. */
export type IndexReader = Pick<Transaction, 'all' | 'get'>

/** Of a backup: it has no locks, and may lie where locks do not work. */
export function openIndex(file: string): IndexReader & Disposable {
  const connection = new DatabaseSync(file, { readOnly: true })
  return {
    all: <T>(sql: string, ...params: Param[]) => connection.prepare(sql).all(...params) as T[],
    get: <T>(sql: string, ...params: Param[]) => connection.prepare(sql).get(...params) as T | undefined,
    [Symbol.dispose]: () => connection.close(),
  }
}

/** Durable under that name when it returns. */
export function takeSnapshot(database: Database, file: string): void {
  for (const end of ['', '-journal']) rmSync(`${file}${end}`, { force: true })
  database.connection.prepare('VACUUM INTO ?').run(file)
  const copy = new DatabaseSync(file)
  try {
    strip(copy)
  } finally {
    copy.close()
  }
  syncFile(file)
}

/** Without the cache, processes, and what waits to be unlinked; packs as nobody's. */
function strip(copy: DatabaseSync): void {
  copy.exec(`
    PRAGMA synchronous = OFF;
    BEGIN;
    DELETE FROM leases;
    DELETE FROM operations;
    DELETE FROM dead;
    DELETE FROM cache_use;
    DELETE FROM data WHERE id IN (SELECT at FROM blocks WHERE kept = 0 AND pack = ${PLACE_INLINE});
    DELETE FROM blocks WHERE kept = 0;
    DELETE FROM packs WHERE id NOT IN (SELECT DISTINCT pack FROM blocks WHERE pack > 0);
    UPDATE packs SET owner = NULL, sealed = 1;
    COMMIT;`)
  recountAll(copy)
}

/** The counters and the living bytes of packs, from the rows. */
export function recountAll(connection: DatabaseSync): void {
  connection.exec(`
    BEGIN;
    CREATE TEMP TABLE place_sums AS
      SELECT pack, count(*) AS n, sum(size) AS bytes, sum(${RECORD_OVERHEAD} + length(mh) + size) AS live FROM blocks GROUP BY pack;
    UPDATE packs SET live = coalesce((SELECT live FROM place_sums s WHERE s.pack = packs.id), 0);
    UPDATE counters SET value = CASE name
      WHEN 'blocks' THEN (SELECT coalesce(sum(n), 0) FROM place_sums)
      WHEN 'block_bytes' THEN (SELECT coalesce(sum(bytes), 0) FROM place_sums)
      WHEN 'inline_bytes' THEN (SELECT coalesce(sum(bytes), 0) FROM place_sums WHERE pack = ${PLACE_INLINE})
      WHEN 'file_bytes' THEN (SELECT coalesce(sum(bytes), 0) FROM place_sums WHERE pack = ${PLACE_FILE})
      WHEN 'pack_bytes' THEN (SELECT coalesce(sum(committed), 0) FROM packs)
      ELSE 0 END;
    DROP TABLE place_sums;
    COMMIT;`)
}
