// Blocks for the readers of DAGs: identity CIDs from themselves, all others from the source; failures name the block.

import type { CID } from 'multiformats/cid'
import { isIdentity } from '../block/cid.ts'
import { checkDigest } from '../block/hash.ts'
import type { BlockSource, BorrowedBlock, Wait } from '../block/source.ts'
import { CairnError, isCairnError } from '../errors.ts'

/** Without waiting if the bytes are at hand. A digest that proves nothing is not asked for. */
export function loadBlock(source: BlockSource, cid: CID, wait: Wait): Uint8Array | Promise<Uint8Array> {
  checkDigest(cid.multihash)
  if (isIdentity(cid)) return cid.multihash.digest
  return source.peek(cid) ?? source.get(cid, wait)
}

const keep = () => {}

/** As `loadBlock`, in a pooled buffer if it has to be read. */
export function borrowBlock(source: BlockSource, cid: CID, wait: Wait): BorrowedBlock | Promise<BorrowedBlock> {
  checkDigest(cid.multihash)
  if (isIdentity(cid)) return { bytes: cid.multihash.digest, release: keep }
  const lent = source.lend === undefined ? peeked(source, cid) : source.lend(cid)
  return lent ?? source.borrow(cid, wait)
}

function peeked(source: BlockSource, cid: CID): BorrowedBlock | undefined {
  const bytes = source.peek(cid)
  return bytes && { bytes, release: keep }
}

/** Length of the block; read only where the source cannot tell. */
export function blockSize(source: BlockSource, cid: CID, wait: Wait): number | Promise<number> {
  checkDigest(cid.multihash)
  if (isIdentity(cid)) return cid.multihash.digest.byteLength
  return source.size?.(cid) ?? source.peek(cid)?.byteLength ?? borrowedSize(source, cid, wait)
}

async function borrowedSize(source: BlockSource, cid: CID, wait: Wait): Promise<number> {
  const block = await source.borrow(cid, wait)
  const { byteLength } = block.bytes
  block.release()
  return byteLength
}

/** BAD_BLOCK about this block. */
export const badBlock = (cid: CID, what: string, cause?: unknown): CairnError =>
  new CairnError('BAD_BLOCK', `block ${cid} ${what}`, { cause, cid })

/** Runs a reader of bytes that does not know whose they are, and says so in its failure. */
export function readingBlock<T>(cid: CID, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (!isCairnError(cause, 'BAD_BLOCK') || cause.cid !== undefined) throw cause
    throw badBlock(cid, `cannot be read: ${cause.message}`, cause)
  }
}
