// A folder: its index.html in its place, else a listing in pages (spec: gateway §2.9).

import type { CID } from 'multiformats/cid'
import type { ContentApi, DirectoryEntry, Resolved } from '../../../src/api/content.ts'
import { DAG_PB } from '../../../src/block/cid.ts'
import type { Lru } from '../../../src/dag/lru.ts'
import { readNode } from '../../../src/dag/unixfs/node.ts'
import type { UnixfsType } from '../../../src/dag/unixfs/unixfs.ts'
import { CairnError, isCairnError } from '../../../src/errors.ts'
import { enforce, LIMITS } from '../../../src/limits.ts'
import { pageCaching } from '../caching.ts'
import type { ContentRequest } from '../request.ts'
import { contentHeaders, type Exchange, type Representation } from '../respond.ts'
import { type Look, lookOfFile } from '../views/icons.ts'
import { LISTING_VERSION, type ListingEntry, renderListing } from '../views/listing.ts'
import { pageHeaders } from '../views/page.ts'
import { fileRepresentation } from './file.ts'

/** Rendered pages by what they show: a folder never changes, so a page is made once while it is asked for. */
export type PageCache = Lru<string, Uint8Array>

const PAGE = LIMITS.listingEntries.value

export async function directoryRepresentation(
  { content, pages }: { content: ContentApi; pages: PageCache },
  exchange: Exchange,
  resolved: Resolved,
): Promise<Representation> {
  const { parameters } = exchange.request
  const pageNumber = parsePage(parameters.get('page'))
  const key = pageKey(exchange.request, resolved, pageNumber)
  const known = pages.get(key)
  if (known !== undefined) return listing(exchange, resolved, known, pageNumber)
  const index = await findIndex(content, exchange)
  if (index !== undefined) return indexPage(content, exchange, resolved, index)
  const rendered = await render(content, exchange, resolved, pageNumber)
  pages.set(key, rendered)
  return listing(exchange, resolved, rendered, pageNumber)
}

/** A name's folder is another one tomorrow; a CID's path says all. */
function pageKey({ site, namespace, contentPath }: ContentRequest, { cid }: Resolved, pageNumber: number): string {
  const host = site.kind === 'root' ? site.gateway : site.kind === 'dnslink' ? `dnslink ${site.host}` : ''
  return `${pageNumber} ${host} ${contentPath}${namespace === 'ipns' ? ` ${cid}` : ''}`
}

function parsePage(text: string | null): number {
  if (text === null) return 1
  const pageNumber = Number(text)
  if (!/^\d+$/.test(text) || pageNumber < 1) throw new CairnError('BAD_REQUEST', `"${text.slice(0, 20)}" is no page`)
  enforce('listingPages', pageNumber, 'this page of the listing')
  return pageNumber
}

/** Undefined if the folder has none; any other failure is the answer. */
async function findIndex(content: ContentApi, { request, wait }: Exchange): Promise<Resolved | undefined> {
  const { root, segments } = request.path
  try {
    return await content.resolve({ root, segments: [...segments, 'index.html'] }, { signal: wait.signal })
  } catch (error) {
    if (isCairnError(error, 'NO_LINK')) return undefined
    throw error
  }
}

/** The folder is what was asked for, so it is the folder's CID that names this answer. */
function indexPage(content: ContentApi, exchange: Exchange, folder: Resolved, index: Resolved): Representation {
  if (index.kind !== 'file') throw new CairnError('BAD_BLOCK', 'index.html in this folder is not a file')
  const page = fileRepresentation(content, exchange, index)
  return {
    ...page,
    etag: `"${folder.cid}"`,
    headers: { ...page.headers, ...contentHeaders(exchange.request, folder) },
    type: () => 'text/html',
  }
}

function listing({ request }: Exchange, folder: Resolved, page: Uint8Array, pageNumber: number): Representation {
  const variant = pageNumber === 1 ? LISTING_VERSION : `${LISTING_VERSION}-${pageNumber}`
  const { 'Content-Type': type, ...guards } = pageHeaders()
  return {
    etag: `"DirIndex-${variant}_CID-${folder.cid}"`,
    headers: { ...contentHeaders(request, folder), ...guards, ...pageCaching(request) },
    type: () => String(type),
    sizeBytes: page.byteLength,
    atHand: () => page,
    read: async function* () {
      yield page
    },
  }
}

async function render(
  content: ContentApi,
  { request, wait }: Exchange,
  folder: Resolved,
  pageNumber: number,
): Promise<Uint8Array> {
  const { root } = request.path
  const skip = (pageNumber - 1) * PAGE
  const entries: DirectoryEntry[] = []
  let position = 0
  for await (const entry of content.list(folder.cid, { root, signal: wait.signal })) {
    wait.forNode()
    if (position++ < skip) continue
    entries.push(entry)
    if (entries.length > PAGE) break
  }
  if (entries.length === 0 && pageNumber > 1) throw new CairnError('NOT_FOUND', `this folder has no page ${pageNumber}`)
  const hasNext = entries.length > PAGE
  const shown = entries.slice(0, PAGE).map(entry => ({
    name: entry.name,
    cid: String(entry.cid),
    totalBytes: entry.totalBytes,
    look: look(content, entry),
  }))
  // What fits on one page can be put in the order that people look in; a sharded folder comes by hash.
  if (!hasNext && pageNumber === 1) shown.sort(foldersFirst)
  const page = renderListing({
    site: request.site,
    namespace: request.namespace,
    root: request.rootText,
    segments: request.segments,
    cid: String(folder.cid),
    entries: shown,
    pageNumber,
    hasNext,
  })
  return Buffer.from(String(await page))
}

const byName = new Intl.Collator('en', { numeric: true }).compare
const foldersFirst = (a: ListingEntry, b: ListingEntry): number =>
  Number(b.look === 'folder') - Number(a.look === 'folder') || byName(a.name, b.name)

const LOOKS: Partial<Record<UnixfsType, Look>> = { directory: 'folder', shard: 'folder', symlink: 'link' }

/** Children are not fetched: a block that is at hand tells what it is, else the name has to. */
function look(content: ContentApi, { cid, name }: DirectoryEntry): Look {
  if (cid.code !== DAG_PB) return lookOfFile(name)
  const bytes = content.local.peek(cid)
  if (bytes === undefined) return name.includes('.') ? lookOfFile(name) : 'folder'
  return LOOKS[typeOf(cid, bytes) ?? 'file'] ?? lookOfFile(name)
}

/** A malformed entry is listed all the same; opening it says what is wrong. */
function typeOf(cid: CID, bytes: Uint8Array): UnixfsType | undefined {
  try {
    return readNode(cid, bytes).unixfs.type
  } catch {
    return undefined
  }
}
