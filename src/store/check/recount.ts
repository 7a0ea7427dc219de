// What the counters and the packs should say, counted anew from the rows, beside writers that go on.

import type { Database } from '../database/database.ts'
import { PLACE_FILE, PLACE_INLINE, RECORD_OVERHEAD } from '../database/schema.ts'

export interface Recount {
  readonly counters: ReadonlyMap<string, { readonly said: number; readonly found: number }>
  readonly packs: ReadonlyMap<number, { readonly said: number; readonly found: number }>
}

interface PlaceSum {
  readonly pack: number
  readonly rows: number
  readonly bytes: number
  readonly recordBytes: number
  readonly last: Uint8Array
}

/** So many rows are counted in less than 100 ms, the longest that a read transaction may take (spec: store §2.4). */
export const ROWS_AT_ONCE = 400_000
const PAGE_ROWS = 20_000

const SELECT_SUMS = `
  SELECT pack, count(*) AS rows, sum(size) AS bytes, sum(${RECORD_OVERHEAD} + length(mh) + size) AS recordBytes, max(mh) AS last
  FROM (SELECT mh, size, pack FROM blocks WHERE mh > ? ORDER BY mh LIMIT ${PAGE_ROWS}) GROUP BY pack`

/** Between two pages, for as long as it likes. */
export type Between = () => Promise<void> | undefined

/** Undefined if others changed something meanwhile: then it is to be tried again. */
export async function recount(database: Database, between: Between): Promise<Recount | undefined> {
  const before = version(database)
  const sums = new Map<number, PlaceSum>()
  for (let after: Uint8Array | undefined = new Uint8Array(0); after !== undefined; ) {
    await between()
    after = addPage(database, sums, after)
  }
  const outcome = compare(database, sums)
  return version(database) === before ? outcome : undefined
}

/** In one read transaction. */
export function recountAtOnce(database: Database): Recount {
  database.connection.exec('BEGIN')
  try {
    const sums = new Map<number, PlaceSum>()
    for (let after: Uint8Array | undefined = new Uint8Array(0); after !== undefined; )
      after = addPage(database, sums, after)
    return compare(database, sums)
  } finally {
    database.connection.exec('ROLLBACK')
  }
}

/** Where the next page begins; undefined after the last. */
function addPage(database: Database, sums: Map<number, PlaceSum>, after: Uint8Array): Uint8Array | undefined {
  let seen = 0
  let last = after
  for (const page of database.all<PlaceSum>(SELECT_SUMS, after)) {
    const sum = sums.get(page.pack)
    sums.set(page.pack, {
      ...page,
      rows: page.rows + (sum?.rows ?? 0),
      bytes: page.bytes + (sum?.bytes ?? 0),
      recordBytes: page.recordBytes + (sum?.recordBytes ?? 0),
    })
    seen += page.rows
    if (Buffer.compare(page.last, last) > 0) last = page.last
  }
  return seen < PAGE_ROWS ? undefined : last
}

function compare(database: Database, sums: ReadonlyMap<number, PlaceSum>): Recount {
  const said = new Map(
    database
      .all<{ name: string; value: number }>('SELECT name, value FROM counters')
      .map(({ name, value }) => [name, value]),
  )
  const packs = database.all<{ id: number; live: number; committed: number }>('SELECT id, live, committed FROM packs')
  const deadFiles = database.get<{ bytes: number }>(
    `SELECT coalesce(sum(size), 0) AS bytes FROM dead WHERE pack = ${PLACE_FILE}`,
  )
  const all = [...sums.values()]
  const found = {
    blocks: all.reduce((sum, { rows }) => sum + rows, 0),
    block_bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    inline_bytes: sums.get(PLACE_INLINE)?.bytes ?? 0,
    file_bytes: (sums.get(PLACE_FILE)?.bytes ?? 0) + (deadFiles?.bytes ?? 0),
    pack_bytes: packs.reduce((sum, { committed }) => sum + committed, 0),
  }
  return {
    counters: new Map(
      Object.entries(found).map(([name, value]) => [name, { said: said.get(name) ?? 0, found: value }]),
    ),
    packs: new Map(packs.map(({ id, live }) => [id, { said: live, found: sums.get(id)?.recordBytes ?? 0 }])),
  }
}

/** Moves with every commit, of whatever process. */
function version(database: Database): string {
  const others = database.get<{ data_version: number }>('PRAGMA data_version')?.data_version
  const own = database.get<{ n: number }>('SELECT total_changes() AS n')?.n
  return `${others}/${own}`
}
