// From what a path leads to and what the client would take to the one representation that is sent (spec: gateway §2.2).

import type { ContentApi, Resolved } from '../../src/api/content.ts'
import type { DenyApi } from '../../src/api/deny.ts'
import { CairnError } from '../../src/errors.ts'
import { blockRepresentation, hasPreview } from './formats/block.ts'
import { carRepresentation } from './formats/car.ts'
import { directoryRepresentation } from './formats/directory.ts'
import { documentFormats, documentRepresentation } from './formats/document.ts'
import { fileRepresentation, symlinkRepresentation } from './formats/file.ts'
import type { PageCache } from './formats/listing.ts'
import { previewRepresentation, shareRepresentation } from './formats/preview.ts'
import { rawRepresentation } from './formats/raw.ts'
import { tarRepresentation } from './formats/tar.ts'
import { zipRepresentation } from './formats/zip.ts'
import { type Choice, type Format, prefersHtml } from './negotiate.ts'
import type { AskedRequest, ContentRequest } from './request.ts'
import type { Exchange, Representation } from './respond.ts'
import { viewOf } from './view.ts'

export interface Sources {
  readonly content: ContentApi
  readonly denylist: DenyApi
  readonly pages: PageCache
}

export async function represent(
  sources: Sources,
  exchange: Exchange,
  resolved: Resolved,
  choice: Choice,
): Promise<Representation> {
  if (choice.formats.length === 0) return asItIs(sources, exchange, resolved)
  for (const format of choice.formats) {
    const found = await asFormat(sources.content, exchange, resolved, format, choice)
    if (found !== undefined) return choice.byAccept ? withLocation(found, exchange.request, format, choice) : found
  }
  throw new CairnError('NOT_ACCEPTABLE', `${resolved.cid} does not exist as ${choice.formats.join(' or ')}`, {
    hint: 'fetch ?format=raw and convert it yourself',
  })
}

function asItIs(sources: Sources, exchange: Exchange, resolved: Resolved): Representation | Promise<Representation> {
  const { content } = sources
  const view = viewOf(exchange.request)
  if (view === 'zip' && resolved.kind !== 'other') return zipRepresentation(content, exchange, resolved)
  if (view === 'share') return shareRepresentation(exchange, resolved)
  if (view === 'preview' && resolved.kind === 'file') return previewRepresentation(content, exchange, resolved)
  if (view === 'dag' || isPreviewed(exchange.request, resolved)) {
    return blockRepresentation(content, exchange, resolved)
  }
  if (resolved.kind === 'file') return fileRepresentation(content, exchange, resolved)
  if (resolved.kind === 'directory') return directoryRepresentation(sources, exchange, resolved)
  if (resolved.kind === 'symlink') return symlinkRepresentation(exchange.request, resolved)
  const [own] = documentFormats(resolved.cid.code)
  if (own !== undefined) return documentRepresentation(content, exchange, resolved, own)
  throw new CairnError('UNSUPPORTED_CODEC', `codec 0x${resolved.cid.code.toString(16)} has no form for reading`)
}

/** Documents with links have no bytes that a browser could show: it gets them as a page (spec: gateway §2.12). */
export const isPreviewed = ({ headers, parameters }: ContentRequest, { kind, cid }: Resolved): boolean =>
  kind === 'other' && hasPreview(cid.code) && parameters.get('download') !== 'true' && prefersHtml(headers.accept)

/** Undefined if this content has no such form. */
async function asFormat(
  content: ContentApi,
  exchange: Exchange,
  resolved: Resolved,
  format: Format,
  choice: Choice,
): Promise<Representation | undefined> {
  switch (format) {
    case 'raw':
      return rawRepresentation(content, exchange, resolved)
    case 'car':
      return carRepresentation(content, exchange, resolved, choice)
    case 'tar':
      return resolved.kind === 'other' ? undefined : tarRepresentation(content, exchange, resolved)
    case 'ipns-record':
      throw new CairnError('BAD_REQUEST', `${exchange.request.contentPath} is not an IPNS link`)
    default:
      if (documentFormats(resolved.cid.code).includes(format)) {
        return documentRepresentation(content, exchange, resolved, format)
      }
      return format === 'json' && resolved.kind === 'file' ? jsonFile(content, exchange, resolved) : undefined
  }
}

/** A file that is JSON may be asked for as JSON. */
async function jsonFile(
  content: ContentApi,
  exchange: Exchange,
  resolved: Resolved,
): Promise<Representation | undefined> {
  const file = fileRepresentation(content, exchange, resolved)
  return (await file.type(undefined)) === 'application/json' ? file : undefined
}

/** The URL under which the same answer needs no Accept: caches and people can keep that one. */
export function withLocation(
  representation: Representation,
  { clientPath, query }: AskedRequest,
  format: Format,
  choice: Choice,
): Representation {
  const parameters = new URLSearchParams(query)
  parameters.set('format', format)
  for (const name of ['version', 'order', 'dups']) {
    const value = format === 'car' ? choice.parameters.get(name) : undefined
    if (value !== undefined && !parameters.has(`car-${name}`)) parameters.set(`car-${name}`, value)
  }
  parameters.sort()
  const location = `${clientPath}?${parameters}`
  return { ...representation, headers: { ...representation.headers, 'Content-Location': location } }
}
