// The links of a local block, found with as little reading as can be: the index row says whether there are any (spec: store §4.1).

import { crc32 } from 'node:zlib'
import type { CID } from 'multiformats/cid'
import { isIdentity } from '../../block/cid.ts'
import { mayLink, scanLinks } from '../../block/links.ts'
import type { Wait } from '../../block/source.ts'
import { isCairnError } from '../../errors.ts'
import { PLACE_INLINE } from '../database/schema.ts'
import type { Store } from '../store.ts'

/** Its links; `missing` if the block is not here; `bad` if it is here but its bytes are not. Blocks of a codec without links are not looked for. */
export type Inner = readonly CID[] | 'missing' | 'bad'

interface InnerRow {
  readonly links: number
  readonly pack: number
  readonly crc: number
  readonly bytes: Uint8Array | null
}

const NO_LINKS: readonly CID[] = []
const SELECT_INNER = `
  SELECT b.links, b.pack, b.crc, d.bytes FROM blocks b
  LEFT JOIN data d ON d.id = b.at AND b.pack = ${PLACE_INLINE} AND b.links = 1
  WHERE b.mh = ?`

/** Leaves are never read, inline nodes without waiting. */
export function innerLinks(store: Store, cid: CID, wait: Wait): Inner | Promise<Inner> {
  if (!mayLink(cid.code)) return NO_LINKS
  if (isIdentity(cid)) return linksOf(cid, cid.multihash.digest)
  const row = store.database.get<InnerRow>(SELECT_INNER, cid.multihash.bytes)
  if (row === undefined) return 'missing'
  if (row.links === 0) return NO_LINKS
  // What fails here may only have moved: the store's own reading asks again before it calls a block bad (spec: store §5).
  if (row.bytes === null || crc32(row.bytes) !== row.crc) return readInner(store, cid, wait)
  return linksOf(cid, row.bytes)
}

async function readInner(store: Store, cid: CID, wait: Wait): Promise<Inner> {
  try {
    return linksOf(cid, await store.get(cid, wait))
  } catch (error) {
    if (isCairnError(error, 'BLOCK_NOT_LOCAL')) return 'missing'
    if (isCairnError(error, 'CORRUPT_BLOCK')) return 'bad'
    throw error
  }
}

/** Bytes that are right by their hash but not what the codec says lead nowhere, now and for ever. */
function linksOf(cid: CID, bytes: Uint8Array): readonly CID[] {
  try {
    return scanLinks(cid.code, bytes)
  } catch (error) {
    if (isCairnError(error, 'BAD_BLOCK')) return NO_LINKS
    throw error
  }
}
