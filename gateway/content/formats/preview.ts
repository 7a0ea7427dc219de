// A file as a page of ours, asked for with `?cairn=preview`; and how to hand content on, with `?cairn=share`.

import { createHash } from 'node:crypto'
import type { ContentApi, Resolved } from '../../../src/api/content.ts'
import { formatV1 } from '../../../src/block/cid.ts'
import { guardJson } from '../../../src/block/scan-json.ts'
import { isCairnError } from '../../../src/errors.ts'
import { KiB } from '../../../src/units.ts'
import { schemeOf } from '../hosts.ts'
import type { Exchange, Representation } from '../respond.ts'
import { placeOf } from '../views/place.ts'
import { PREVIEW_VERSION, renderPreview, type Shown } from '../views/preview.ts'
import { renderShare } from '../views/share.ts'
import { fileRepresentation } from './file.ts'
import { pageRepresentation } from './page.ts'
import { decodeText, head } from './text.ts'

/** Of a text no more is shown. */
const MOST_TEXT_BYTES = 128 * KiB
const HEX_BYTES = 512

export async function previewRepresentation(
  content: ContentApi,
  exchange: Exchange,
  resolved: Resolved,
): Promise<Representation> {
  const { cid, sizeBytes } = resolved
  const type = await fileRepresentation(content, exchange, resolved).type(undefined)
  const shown = await look(content, exchange, resolved, type)
  const page = renderPreview({ place: placeOf(exchange.request), cid: String(cid), sizeBytes, type, content: shown })
  return pageRepresentation(exchange, resolved, {
    etag: `"FilePage-${PREVIEW_VERSION}_CID-${cid}"`,
    html: String(await page),
    guards: { hasScript: true, hasFrame: shown.as === 'pdf' },
  })
}

async function look(
  content: ContentApi,
  { request, wait }: Exchange,
  { cid, sizeBytes }: Resolved,
  type: string,
): Promise<Shown> {
  const [, kind] = /^(image|audio|video)\//.exec(type) ?? []
  if (kind !== undefined) return { as: kind as 'image' | 'audio' | 'video' }
  if (type === 'application/pdf') return { as: 'pdf' }
  const length = Math.min(sizeBytes, MOST_TEXT_BYTES)
  const bytes = await head(content.read(cid, { signal: wait.signal, root: request.path.root, length }))
  const isCut = length < sizeBytes
  const value = type === 'application/json' && !isCut ? parseJson(bytes) : undefined
  if (value !== undefined) return { as: 'value', value }
  const text = decodeText(bytes)
  if (text === '' && sizeBytes > 0) return { as: 'bytes', bytes: bytes.subarray(0, HEX_BYTES), isCut: true }
  const isMarkdown = /\.(?:md|markdown)$/i.test(request.segments.at(-1) ?? '') || type.startsWith('text/markdown')
  return { as: isMarkdown ? 'markdown' : 'text', text, isCut }
}

/** Undefined for what is no JSON, or JSON made to harm: it is shown as text. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    guardJson(bytes)
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || isCairnError(error)) return undefined
    throw error
  }
}

const LOOPBACK = /(?:^|\.)localhost(?::\d+)?$|^127\.|^\[::1\]/i

export async function shareRepresentation(exchange: Exchange, resolved: Resolved): Promise<Representation> {
  const { incoming, request } = exchange
  const { host = '' } = incoming.headers
  const { namespace, rootText, contentPath } = request
  const page = renderShare({
    place: placeOf(request),
    cid: formatV1(resolved.cid),
    url: `${schemeOf(incoming.headers)}://${host}${request.clientPath}`,
    uri: `${namespace}://${rootText}${contentPath.slice(namespace.length + rootText.length + 2)}`,
    isLocal: LOOPBACK.test(host),
  })
  const html = String(await page)
  return pageRepresentation(exchange, resolved, {
    etag: `"SharePage-${createHash('sha256').update(html).digest('hex').slice(0, 16)}"`,
    html,
    guards: { hasScript: true },
    isPrivate: true,
  })
}
