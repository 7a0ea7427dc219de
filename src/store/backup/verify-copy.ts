// Hashing every block of an index at its place, pack by pack in the order in which they lie.

import type { Wait } from '../../block/source.ts'
import { createPace } from '../collect/pace.ts'
import { PLACE_BAD } from '../database/schema.ts'
import { hashesTo } from '../rebuild/judge.ts'
import { type Placed, PlacedReader } from '../rebuild/placed-reader.ts'
import type { IndexReader } from './snapshot.ts'

export interface VerifyCopyOptions extends Wait {
  /** Where `packs/` and `blocks/` are. */
  readonly path: string
  readonly index: IndexReader
  readonly onBad: (row: Placed) => void
}

const TELL_ROWS = 10_000
/** So many rows are sorted at once. */
const ROWS_PER_PASS = 500_000

/** Yields how many were hashed so far, and returns how many in all. */
export async function* verifyCopy({ path, index, signal, onBad }: VerifyCopyOptions): AsyncGenerator<number, number> {
  const pace = createPace(signal)
  using reader = new PlacedReader({ path, index })
  let done = 0
  for (const rows of passes(index)) {
    for (const row of rows) {
      await pace()
      const bytes = reader.read(row)
      if (bytes === undefined || !hashesTo(row.mh, bytes)) onBad(row)
      if (++done % TELL_ROWS === 0) yield done
    }
  }
  return done
}

function* passes(index: IndexReader): Generator<Placed[]> {
  let after: Uint8Array = new Uint8Array(0)
  for (;;) {
    const rows = index.all<Placed>(
      `SELECT mh, size, pack, at FROM blocks WHERE mh > ? AND pack <> ${PLACE_BAD} ORDER BY mh LIMIT ${ROWS_PER_PASS}`,
      after,
    )
    const last = rows.at(-1)
    if (last === undefined) return
    after = last.mh
    yield rows.sort((a, b) => a.pack - b.pack || a.at - b.at)
  }
}
