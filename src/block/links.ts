// The links of a block, found by scanning rather than decoding: what walks, marks and the store's `links` bit need.

import type { CID } from 'multiformats/cid'

/** The CIDs a block links to, in stored order, duplicates kept. BAD_BLOCK if it is not what its codec says; unknown codecs have none. */
export function scanLinks(codec: number, bytes: Uint8Array): CID[] {
  throw new Error(`not built yet: ${codec} ${bytes.byteLength}`)
}

/** Whether there is at least one; never throws (a block that cannot be read has none). */
export function hasLinks(codec: number, bytes: Uint8Array): boolean {
  try {
    return scanLinks(codec, bytes).length > 0
  } catch {
    return false
  }
}
