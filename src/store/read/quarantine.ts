// What becomes of a block whose bytes are bad: they are put aside for a look, and its place counts as empty (spec: store §5).

import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { create, decode } from 'multiformats/hashes/digest'
import { formatV1 } from '../../block/cid.ts'
import { hashByCode, SHA2_256 } from '../../block/hash.ts'
import { LIMITS } from '../../limits.ts'
import type { Database, Transaction } from '../database/database.ts'
import { PLACE_BAD, PLACE_FILE, PLACE_INLINE } from '../database/schema.ts'
import { packFile, repoPaths } from '../paths.ts'
import { Books, type PlacedBlock } from '../write/books.ts'
import { BlockFiles } from '../write/files.ts'

export interface BadBlock {
  readonly cid: CID
  readonly pack: number
  readonly at: number
  /** What was found; undefined if nothing was. */
  readonly bytes: Uint8Array | undefined
}

/** No inline bytes have this id. */
const NO_DATA = 0

/** A folder that is there without anything in it is rather one that is not mounted: nothing is decided on that. */
export function isUnmounted(path: string, pack: number): boolean {
  if (pack === PLACE_INLINE) return false
  return listFolder(pack === PLACE_FILE ? repoPaths(path).blocks : repoPaths(path).packs)?.length === 0
}

/**
 * A cached one is forgotten. A kept one stays as a row without a place, so that the next put of it is kept and heals its pins.
 * False if it was left alone: it has moved meanwhile, or the disk of its folder is not there.
 */
export async function quarantine(
  { path, database }: { path: string; database: Database },
  block: BadBlock,
): Promise<boolean> {
  if (block.bytes === undefined && isUnmounted(path, block.pack)) return false
  if (block.bytes !== undefined) await putAside(path, block.cid, block.bytes)
  return database.transact(tx => dropPlace(tx, block))
}

/** In a transaction of the caller; false if the row is gone or says another place. */
export function dropPlace(tx: Transaction, { cid, pack, at }: Omit<BadBlock, 'bytes'>): boolean {
  const mh = cid.multihash.bytes
  const row = tx.get<PlacedBlock & { kept: number }>(
    'SELECT mh, size, pack, at, kept FROM blocks WHERE mh = ? AND pack = ? AND at = ?',
    mh,
    pack,
    at,
  )
  if (row === undefined) return false
  const books = new Books(tx)
  const left = isOfAnother(tx, row) ? { ...row, at: NO_DATA } : row
  if (row.kept === 1) {
    tx.run(`UPDATE blocks SET pack = ${PLACE_BAD}, at = 0 WHERE mh = ?`, mh)
    books.placeLeft(left)
  } else {
    tx.run('DELETE FROM blocks WHERE mh = ?', mh)
    tx.run('DELETE FROM cache_use WHERE mh = ?', mh)
    books.rowDeleted(left)
  }
  books.close()
  return true
}

/** Whether the row says the place of another inline block, whose bytes must not go with it: found by the names that they hash to. */
function isOfAnother(tx: Transaction, { mh, pack, at }: PlacedBlock): boolean {
  if (pack !== PLACE_INLINE) return false
  const bytes = tx.get<{ bytes: Uint8Array }>('SELECT bytes FROM data WHERE id = ?', at)?.bytes
  if (bytes === undefined) return false
  return [...new Set([decode(mh).code, SHA2_256])].some(code => {
    const name = create(code, hashByCode(code).digest(bytes)).bytes
    const owner = tx.get<PlacedBlock>('SELECT pack, at FROM blocks WHERE mh = ? AND mh <> ?', name, mh)
    return owner?.pack === PLACE_INLINE && owner.at === at
  })
}

/** For people who look into it; a disk that has no room for the copy must not keep the block from being fetched again. */
async function putAside(path: string, cid: CID, bytes: Uint8Array): Promise<void> {
  const folder = repoPaths(path).quarantine
  if ((listFolder(folder)?.length ?? Number.POSITIVE_INFINITY) >= LIMITS.quarantinedBlocks.value) return
  await writeFile(join(folder, `${formatV1(cid)}.bin`), bytes, { mode: 0o600 }).catch(() => undefined)
}

/** Undefined if it is not there. */
function listFolder(folder: string): string[] | undefined {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Where the bytes of a row lie, for people: the words, and the file. */
export function describePlace(path: string, { cid, pack, at }: Omit<BadBlock, 'bytes'>) {
  if (pack === PLACE_INLINE) return { place: 'in the database', file: repoPaths(path).database }
  if (pack === PLACE_FILE) return { place: 'in a file', file: new BlockFiles(path).fileOf(cid.multihash.bytes) }
  return { place: `in pack ${pack} at ${at}`, file: packFile(path, pack) }
}
