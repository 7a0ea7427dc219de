// One block as it is, for clients that verify it themselves (spec: gateway §2.13).

import type { ContentApi, Resolved } from '../../../src/api/content.ts'
import { loadBlock } from '../../../src/dag/blocks.ts'
import { contentCaching } from '../caching.ts'
import { disposition } from '../disposition.ts'
import { mediaTypeOf } from '../negotiate.ts'
import { contentHeaders, type Exchange, type Representation } from '../respond.ts'

export async function rawRepresentation(
  content: ContentApi,
  { request, wait }: Exchange,
  resolved: Resolved,
): Promise<Representation> {
  const { cid } = resolved
  const bytes = await loadBlock(content.blocks(request.path.root), cid, wait)
  const headers = contentHeaders(request, resolved)
  Object.assign(headers, contentCaching(request))
  headers['Content-Disposition'] = disposition('attachment', request.parameters.get('filename') || `${cid}.bin`)
  headers['X-Content-Type-Options'] = 'nosniff'
  return {
    etag: `"${cid}.raw"`,
    headers,
    sizeBytes: bytes.byteLength,
    hasRanges: true,
    type: () => mediaTypeOf('raw'),
    atHand: () => bytes,
    read: async function* (range) {
      yield range === undefined ? bytes : bytes.subarray(range.offset, range.offset + range.length)
    },
  }
}
