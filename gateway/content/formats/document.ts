// JSON and CBOR documents (plain and dag-) as their block's own bytes: nothing is converted (spec: gateway §2.12).

import type { ContentApi, Resolved } from '../../../src/api/content.ts'
import { CBOR, DAG_CBOR, DAG_JSON, JSON_CODEC } from '../../../src/block/cid.ts'
import { loadBlock } from '../../../src/dag/blocks.ts'
import { contentCaching } from '../caching.ts'
import { disposition } from '../disposition.ts'
import { type Format, mediaTypeOf } from '../negotiate.ts'
import { contentHeaders, type Exchange, type Representation } from '../respond.ts'

/** The formats a codec can be sent as without touching its bytes; the first is its own. */
const FORMATS = new Map<number, readonly Format[]>([
  [JSON_CODEC, ['json']],
  [CBOR, ['cbor']],
  [DAG_JSON, ['dag-json', 'json']],
  [DAG_CBOR, ['dag-cbor', 'cbor']],
])

export const documentFormats = (codec: number): readonly Format[] => FORMATS.get(codec) ?? []

export async function documentRepresentation(
  content: ContentApi,
  { request, wait }: Exchange,
  resolved: Resolved,
  format: Format,
): Promise<Representation> {
  const { cid } = resolved
  const bytes = await loadBlock(content.blocks(request.path.root), cid, wait)
  const extension = format.replace('dag-', '')
  const isShown = extension === 'json' && request.parameters.get('download') !== 'true'
  const name = request.parameters.get('filename') || `${cid}.${extension}`
  const headers = contentHeaders(request, resolved)
  Object.assign(headers, contentCaching(request))
  headers['Content-Disposition'] = disposition(isShown ? 'inline' : 'attachment', name)
  headers['X-Content-Type-Options'] = 'nosniff'
  return {
    etag: `"${cid}.${format}"`,
    headers,
    sizeBytes: bytes.byteLength,
    hasRanges: true,
    type: () => mediaTypeOf(format),
    atHand: () => bytes,
    read: async function* (range) {
      yield range === undefined ? bytes : bytes.subarray(range.offset, range.offset + range.length)
    },
  }
}
