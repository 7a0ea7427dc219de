// What becomes of a block whose bytes are bad: they are put aside for a look, and its place counts as empty (spec: store §5).

import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { formatV1 } from '../../block/cid.ts'
import type { Database } from '../database/database.ts'
import { PLACE_BAD, PLACE_FILE, PLACE_INLINE } from '../database/schema.ts'
import { repoPaths } from '../paths.ts'
import { Books, type PlacedBlock } from '../write/books.ts'

export interface BadBlock {
  readonly cid: CID
  readonly pack: number
  readonly at: number
  /** What was found; undefined if nothing was. */
  readonly bytes: Uint8Array | undefined
}

/** A folder without anything in it is rather one that is not mounted: nothing is decided on that. */
const isUnmounted = (path: string, pack: number): boolean =>
  pack !== PLACE_INLINE &&
  readdirSync(pack === PLACE_FILE ? repoPaths(path).blocks : repoPaths(path).packs).length === 0

/** A cached one is forgotten. A kept one stays as a row without a place, so that the next put of it is kept and heals its pins. */
export async function quarantine(
  { path, database }: { path: string; database: Database },
  block: BadBlock,
): Promise<void> {
  const mh = block.cid.multihash.bytes
  if (block.bytes === undefined && isUnmounted(path, block.pack)) return
  if (block.bytes !== undefined)
    await writeFile(join(repoPaths(path).quarantine, `${formatV1(block.cid)}.bin`), block.bytes)
  await database.transact(tx => {
    const row = tx.get<PlacedBlock & { kept: number }>(
      'SELECT mh, size, pack, at, kept FROM blocks WHERE mh = ? AND pack = ? AND at = ?',
      mh,
      block.pack,
      block.at,
    )
    if (row === undefined) return
    const books = new Books(tx)
    if (row.kept === 1) {
      tx.run(`UPDATE blocks SET pack = ${PLACE_BAD}, at = 0 WHERE mh = ?`, mh)
      books.placeLeft(row)
    } else {
      tx.run('DELETE FROM blocks WHERE mh = ?', mh)
      tx.run('DELETE FROM cache_use WHERE mh = ?', mh)
      books.rowDeleted(row)
    }
    books.close()
  })
}
