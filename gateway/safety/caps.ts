// How large an answer may be: files, CARs and archives as a whole, and files of which only parts are asked for.

import type { ContentApi, Resolved } from '../../src/api/content.ts'
import { DAG_PB } from '../../src/block/cid.ts'
import { readNode } from '../../src/dag/unixfs/node.ts'
import { CairnError, isCairnError } from '../../src/errors.ts'
import { METRICS } from '../../src/observe/metrics.ts'
import { formatSize } from '../../src/units.ts'

export interface Caps {
  /** 0: no limit. */
  readonly maxBytes: number
  readonly maxRangeBytes: number
}

/** TOO_LARGE before the first byte, where the size is known by then. */
export function refuseLarge({ maxBytes }: Caps, sizeBytes: number, what: string): void {
  if (maxBytes === 0 || sizeBytes <= maxBytes) return
  METRICS.gatewayRefused.add(1, { why: 'bytes' })
  throw new CairnError(
    'TOO_LARGE',
    `${what} is ${formatSize(sizeBytes)}, and this gateway serves up to ${formatSize(maxBytes)}`,
    { hint: 'fetch it with a node of your own, or block by block with ?format=raw' },
  )
}

/** NOT_IMPLEMENTED, so that a cache in front does not fetch all of a huge file for a few bytes of it. */
export function refuseRange({ maxRangeBytes }: Caps, sizeBytes: number): void {
  if (maxRangeBytes === 0 || sizeBytes <= maxRangeBytes) return
  METRICS.gatewayRefused.add(1, { why: 'range' })
  throw new CairnError(
    'NOT_IMPLEMENTED',
    `parts of files larger than ${formatSize(maxRangeBytes)} are not served; this one is ${formatSize(sizeBytes)}`,
    { hint: 'fetch it block by block with ?format=raw, or a CAR of these bytes with ?format=car&entity-bytes=from:to' },
  )
}

/** What the content says of its own size: nobody has checked it, so the bytes are counted as well. */
export function declaredBytes({ local }: ContentApi, { kind, cid, sizeBytes }: Resolved): number {
  if (kind === 'file') return sizeBytes
  const bytes = cid.code === DAG_PB ? local.peek(cid) : undefined
  if (bytes === undefined) return 0
  try {
    const { links } = readNode(cid, bytes)
    let total = bytes.byteLength
    for (let index = 0; index < links.count; index++) total += links.totalBytes(index)
    return total
  } catch (error) {
    if (isCairnError(error)) return 0
    throw error
  }
}

/** Passes chunks on until there are more of them than may be: then the answer is broken off. */
export async function* countedBytes(source: AsyncIterable<Uint8Array>, { maxBytes }: Caps): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of source) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) {
      METRICS.gatewayRefused.add(1, { why: 'bytes' })
      throw new CairnError('TOO_LARGE', `this gateway serves up to ${formatSize(maxBytes)}; the answer is longer`)
    }
    yield chunk
  }
}
