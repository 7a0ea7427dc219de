// Every row of the index has its bytes at its place, and every piece of inline data has a row.

import { countPlaces } from '../collect/pack-census.ts'
import { findSurvivors } from '../collect/pack-survivors.ts'
import { PLACE_INLINE } from '../database/schema.ts'
import { BlockJudge, cidOf, type JudgedRow } from './check-block.ts'
import { type CheckContext, type CheckEvents, errorFound, mended, noted, progress } from './check-context.ts'
import { dropOrphanData } from './repair-data.ts'
import { condemn } from './repair-rows.ts'

const PAGE_ROWS = 1000
/** Rows of packs that are held in memory at once, to look at them in the order in which they lie. */
const ROWS_PER_PASS = 500_000

const SELECT_PAGE = `SELECT mh, size, crc, kept, pack, at FROM blocks WHERE mh > ? ORDER BY mh LIMIT ${PAGE_ROWS}`

export const ORPHAN_DATA = `SELECT 1 FROM data WHERE id = ?
  AND NOT EXISTS (SELECT 1 FROM blocks WHERE pack = ${PLACE_INLINE} AND at = data.id)`

export async function* checkRows(context: CheckContext): CheckEvents {
  const { store, pace, reads, totals } = context
  using judge = new BlockJudge(store, reads)
  const inlineIds = new IdSet(
    store.database.get<{ last: number | null }>('SELECT max(id) AS last FROM data')?.last ?? 0,
  )
  const total = store.counters().blocks
  let done = 0
  let after: Uint8Array = new Uint8Array(0)
  for (;;) {
    const page = store.database.all<JudgedRow>(SELECT_PAGE, after)
    for (const row of page) {
      await pace()
      totals.blocks++
      if (row.pack === PLACE_INLINE) inlineIds.add(row.at)
      if (row.pack <= 0) yield* judged(context, judge, row)
    }
    done += page.length
    yield progress('blocks', done, total)
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_ROWS) break
    after = last.mh
  }
  yield* checkPacked(context, judge)
  totals.bytesRead += judge.bytesRead
  yield* checkData(context, inlineIds)
}

/** Damage to the cache is no loss: it is fetched again. */
async function* judged(context: CheckContext, judge: BlockJudge, row: JudgedRow): CheckEvents {
  const problem = judge.judge(row)
  if (problem === undefined) return
  const isKept = problem.row.kept === 1
  const tell = isKept ? errorFound : noted
  const found = tell(problem.kind, `block ${cidOf(row.mh)} ${isKept ? '' : '(cache) '}${problem.what}`)
  if (context.repair === undefined) yield found
  else yield* condemn(context, context.repair, { found, problem, judge })
}

async function* checkPacked(context: CheckContext, judge: BlockJudge): CheckEvents {
  const { store, pace, signal } = context
  const places = [...(await countPlaces(store, signal))].filter(([pack]) => pack > 0).sort(([a], [b]) => a - b)
  const total = places.reduce((sum, [, { rows }]) => sum + rows, 0)
  let done = 0
  while (places.length > 0) {
    let rows = 0
    const pass: number[] = []
    for (
      let next = places[0];
      next !== undefined && (rows === 0 || rows + next[1].rows <= ROWS_PER_PASS);
      next = places[0]
    ) {
      pass.push(next[0])
      rows += next[1].rows
      places.shift()
    }
    for (const survivor of await findSurvivors(store, pass, signal)) {
      await pace()
      yield* judged(context, judge, survivor)
      if (++done % PAGE_ROWS === 0) yield progress('packs', done, total)
    }
    yield progress('packs', done, Math.max(done, total))
  }
}

/** Ids that came later than the check began belong to rows it may not have met. */
async function* checkData(context: CheckContext, known: IdSet): CheckEvents {
  const { pace } = context
  const { database } = context.store
  for (let afterId = 0; ; ) {
    await pace()
    const page = database.all<{ id: number }>(
      'SELECT id FROM data WHERE id > ? AND id <= ? ORDER BY id LIMIT 5000',
      afterId,
      known.last,
    )
    for (const { id } of page) {
      // An id is used again after the last one was deleted: asked anew, slowly, only for what looks wrong.
      if (known.has(id) || database.get(ORPHAN_DATA, id) === undefined) continue
      const found = errorFound('orphan-data', `the database holds bytes (${id}) that belong to no block`)
      yield await mended(context, found, () => dropOrphanData(context, id))
    }
    const last = page.at(-1)
    if (last === undefined) return
    afterId = last.id
  }
}

/** One bit for each id up to the last. */
class IdSet {
  readonly last: number
  readonly #bits: Uint8Array

  constructor(last: number) {
    this.last = last
    this.#bits = new Uint8Array((last >>> 3) + 1)
  }

  add(id: number): void {
    if (id <= this.last) this.#bits[id >>> 3] = (this.#bits[id >>> 3] ?? 0) | (1 << (id & 7))
  }

  has(id: number): boolean {
    return ((this.#bits[id >>> 3] ?? 0) & (1 << (id & 7))) !== 0
  }
}
