// A UnixFS file or symlink as its bytes: ranges, type by name or first bytes, name for saving (spec: gateway §2.5, §2.8, §2.11).

import type { ContentApi, Resolved } from '../../../src/api/content.ts'
import { RAW } from '../../../src/block/cid.ts'
import { contentCaching } from '../caching.ts'
import { disposition } from '../disposition.ts'
import type { ByteRange } from '../ranges.ts'
import type { ContentRequest } from '../request.ts'
import { contentHeaders, type Exchange, type Representation } from '../respond.ts'
import type { Headers } from '../stream.ts'
import { contentType, RANGE_SNIFF_BYTES, SNIFF_BYTES, typeWithoutBytes } from '../types.ts'

export function fileRepresentation(content: ContentApi, exchange: Exchange, resolved: Resolved): Representation {
  const { request, wait } = exchange
  const { cid, sizeBytes } = resolved
  const { root } = request.path
  return {
    etag: `"${cid}"`,
    modifiedSecs: modifiedSecs(resolved),
    headers: fileHeaders(request, resolved),
    sizeBytes,
    hasRanges: true,
    type: range => fileType(content, exchange, resolved, range),
    // A file of one raw block is that block.
    atHand: () => (cid.code === RAW ? content.local.peek(cid) : undefined),
    read: (range, reuses) =>
      content.read(cid, {
        signal: wait.signal,
        root,
        reuse: reuses,
        ...(range === undefined ? undefined : range),
      }),
  }
}

/** The target is the content: links are not followed. */
export function symlinkRepresentation(request: ContentRequest, resolved: Resolved): Representation {
  const target = Buffer.from(resolved.target ?? '')
  return {
    etag: `"${resolved.cid}"`,
    headers: fileHeaders(request, resolved),
    sizeBytes: target.byteLength,
    hasRanges: true,
    type: () => 'inode/symlink',
    read: async function* (range) {
      yield range === undefined ? target : target.subarray(range.offset, range.offset + range.length)
    },
  }
}

/** The last year that an HTTP date can name. */
const YEAR_10000_SECS = 253_402_300_800n

function modifiedSecs({ mtime }: Resolved): number | undefined {
  return mtime === undefined || mtime.secs < 0n || mtime.secs >= YEAR_10000_SECS ? undefined : Number(mtime.secs)
}

function fileHeaders(request: ContentRequest, resolved: Resolved): Headers {
  const headers = contentHeaders(request, resolved)
  Object.assign(headers, contentCaching(request))
  const asked = request.parameters.get('filename') ?? ''
  const isDownload = request.parameters.get('download') === 'true'
  if (asked !== '' || isDownload) {
    const name = asked || request.path.segments.at(-1) || String(resolved.cid)
    headers['Content-Disposition'] = disposition(isDownload ? 'attachment' : 'inline', name)
  }
  return headers
}

/** A file's type never changes, and the node remembers resolved paths: what was sniffed once is kept with them. */
const knownTypes = new WeakMap<Resolved, string>()

function fileType(
  content: ContentApi,
  exchange: Exchange,
  resolved: Resolved,
  range: ByteRange | undefined,
): string | Promise<string> {
  const { parameters, path, typeName } = exchange.request
  const asked = parameters.get('filename') || typeName
  const known = asked === undefined ? knownTypes.get(resolved) : undefined
  if (known !== undefined) return known
  const name = asked ?? path.segments.at(-1) ?? ''
  if (range !== undefined && range.offset > 0) return typeWithoutBytes(name)
  return sniffType(content, exchange, resolved, { name, isWhole: range === undefined, isLasting: asked === undefined })
}

async function sniffType(
  content: ContentApi,
  { request, wait }: Exchange,
  resolved: Resolved,
  { name, isWhole, isLasting }: { name: string; isWhole: boolean; isLasting: boolean },
): Promise<string> {
  const length = isWhole ? SNIFF_BYTES : RANGE_SNIFF_BYTES
  const options = { signal: wait.signal, root: request.path.root, offset: 0, length }
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of content.read(resolved.cid, options)) {
    chunks.push(chunk)
    bytes += chunk.byteLength
    if (bytes >= length) break
  }
  const head = Buffer.concat(chunks, Math.min(bytes, length))
  const type = contentType({ name, head, sizeBytes: resolved.sizeBytes })
  if (isLasting && isWhole) knownTypes.set(resolved, type)
  return type
}
