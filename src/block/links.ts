// The links of a block, found by scanning rather than decoding: what walks, marks and the store's `links` bit need.

import type { CID } from 'multiformats/cid'
import { DAG_CBOR, DAG_JSON, DAG_PB } from './cid.ts'
import { cidAt } from './cid-bytes.ts'
import { scanCbor } from './scan-cbor.ts'
import { scanJsonLinks } from './scan-json.ts'
import { scanPb } from './scan-pb.ts'

/** Whether blocks of this codec can have links at all. */
export const mayLink = (codec: number): boolean => codec === DAG_PB || codec === DAG_CBOR || codec === DAG_JSON

/** The CIDs a block links to, in stored order, duplicates kept. BAD_BLOCK if it is not what its codec says; unknown codecs have none. */
export function scanLinks(codec: number, bytes: Uint8Array): CID[] {
  if (codec === DAG_JSON) return scanJsonLinks(bytes)
  const links: CID[] = []
  if (codec !== DAG_PB && codec !== DAG_CBOR) return links
  // The block's memory may be reused once it was given back; the links view one copy of it.
  let own: Uint8Array | undefined
  const onLink = (start: number, end: number) => {
    own ??= new Uint8Array(bytes)
    links.push(cidAt(own, start, end))
  }
  if (codec === DAG_PB) scanPb(bytes, onLink)
  else scanCbor(bytes, onLink)
  return links
}

/** Whether there is at least one; never throws (a block that cannot be read has none). */
export function hasLinks(codec: number, bytes: Uint8Array): boolean {
  let links = 0
  const count = () => {
    links++
  }
  try {
    if (codec === DAG_PB) scanPb(bytes, count)
    else if (codec === DAG_CBOR) scanCbor(bytes, count)
    else if (codec === DAG_JSON) links = scanJsonLinks(bytes).length
    return links > 0
  } catch {
    return false
  }
}
