// What can be said of bytes that came without a row: whether they are the block of that multihash, and whether they may link.

import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'
import { DAG_CBOR, DAG_JSON, DAG_PB, RAW } from '../../block/cid.ts'
import { verifyBlock } from '../../block/hash.ts'
import { hasLinks } from '../../block/links.ts'

/** False also for what is no multihash, or one of a function that proves nothing. */
export function hashesTo(mh: Uint8Array, bytes: Uint8Array): boolean {
  try {
    verifyBlock(CID.createV1(RAW, decode(mh)), bytes)
    return true
  } catch {
    // Whatever it says, this is not to be believed.
    return false
  }
}

/** Without its CID the codec is not known: links in any of them count, and a leaf that is taken for a node is only read once more. */
export const mayHaveLinks = (bytes: Uint8Array): boolean =>
  hasLinks(DAG_PB, bytes) || hasLinks(DAG_CBOR, bytes) || (bytes[0] === 0x7b && hasLinks(DAG_JSON, bytes))
