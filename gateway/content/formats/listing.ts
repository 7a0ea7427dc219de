// The listing of a folder: its entries in pages and in order, without a look at what they hold (spec: gateway §2.9).

import type { CID } from 'multiformats/cid'
import type { ContentApi, DirectoryEntry, Resolved } from '../../../src/api/content.ts'
import type { DenyApi } from '../../../src/api/deny.ts'
import { DAG_PB } from '../../../src/block/cid.ts'
import type { Lru } from '../../../src/dag/lru.ts'
import { readNode } from '../../../src/dag/unixfs/node.ts'
import type { UnixfsType } from '../../../src/dag/unixfs/unixfs.ts'
import { CairnError, isCairnError } from '../../../src/errors.ts'
import { enforce, LIMITS } from '../../../src/limits.ts'
import type { ContentRequest } from '../request.ts'
import type { Exchange, Representation } from '../respond.ts'
import { type Look, lookOfFile } from '../views/icons.ts'
import { LISTING_VERSION, type Listing, renderListing, SORTS, type Sort } from '../views/listing.ts'
import { renderMarkdown } from '../views/markdown.ts'
import { placeOf, shown } from '../views/place.ts'
import type { ListingEntry } from '../views/row.ts'
import { pageRepresentation } from './page.ts'
import { textAtHand } from './text.ts'

/** Rendered pages by what they show: a folder never changes, so a page is made once while it is asked for. */
export type PageCache = Lru<string, Uint8Array>

const PAGE = LIMITS.listingEntries.value

/** What of the query changes the page. */
export interface Wish {
  readonly pageNumber: number
  readonly sort: Sort
}

/** Undefined if it names no page: which is an error only where there is a listing, sites have parameters of their own. */
export function readWish({ parameters }: ContentRequest): Wish | undefined {
  const text = parameters.get('page') ?? '1'
  const pageNumber = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (pageNumber < 1) return undefined
  return { pageNumber, sort: SORTS.find(sort => sort === parameters.get('sort')) ?? 'name' }
}

export const noPage = ({ parameters }: ContentRequest): CairnError =>
  new CairnError('BAD_REQUEST', `"${parameters.get('page')?.slice(0, 20)}" is no page`)

/** A name's folder is another one tomorrow; a CID's path says all. */
export function pageKey(request: ContentRequest, { cid }: Resolved, { pageNumber, sort }: Wish): string {
  const { site, namespace, contentPath } = request
  const host = site.kind === 'root' ? site.gateway : site.kind === 'dnslink' ? `dnslink ${site.host}` : ''
  return `${pageNumber} ${sort} ${host} ${contentPath}${namespace === 'ipns' ? ` ${cid}` : ''}`
}

/** The page from the cache, if it is there. */
export function listingOf(exchange: Exchange, folder: Resolved, wish: Wish, html: Uint8Array): Representation {
  const { pageNumber, sort } = wish
  const variant = [LISTING_VERSION, ...(pageNumber === 1 ? [] : [pageNumber]), ...(sort === 'name' ? [] : [sort])]
  const etag = `"DirIndex-${variant.join('-')}_CID-${folder.cid}"`
  return pageRepresentation(exchange, folder, { etag, html, guards: { hasScript: true } })
}

export async function renderFolder(
  { content, denylist }: { readonly content: ContentApi; readonly denylist: DenyApi },
  { request, wait }: Exchange,
  folder: Resolved,
  { pageNumber, sort }: Wish,
): Promise<{ readonly html: Uint8Array; readonly isLasting: boolean }> {
  enforce('listingPages', pageNumber, 'this page of the listing')
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
  const isAll = !hasNext && pageNumber === 1
  const rows = entries.slice(0, PAGE).map(entry => ({
    name: entry.name,
    cid: String(entry.cid),
    totalBytes: entry.totalBytes,
    look: look(content, entry),
    isBlocked: denylist.isActive && denylist.check({ cid: entry.cid }) !== undefined,
  }))
  // What fits on one page can be put in the order that people look in; a sharded folder comes by hash.
  if (isAll) rows.sort(ORDERS[sort])
  const readme = await findReadme(content, entries, wait.signal)
  const listing: Listing = {
    place: placeOf(request),
    cid: String(folder.cid),
    entries: rows,
    pageNumber,
    hasNext,
    sort: isAll ? sort : undefined,
    readme: readme === 'elsewhere' ? undefined : readme,
  }
  return { html: Buffer.from(String(await renderListing(listing))), isLasting: readme !== 'elsewhere' }
}

const README = /^readme(?:\.(?:md|markdown|txt))?$/i
const MOST_README_BYTES = 64 * 1024

/** Only what lies on this node: a listing waits for no block of its entries. */
async function findReadme(
  content: ContentApi,
  entries: readonly DirectoryEntry[],
  signal: AbortSignal,
): Promise<Listing['readme'] | 'elsewhere'> {
  const entry = entries.find(({ name }) => README.test(name))
  if (entry === undefined) return undefined
  const text = await textAtHand(content.local, entry.cid, { signal, mostBytes: MOST_README_BYTES })
  if (text === undefined) return 'elsewhere'
  if (text === '') return undefined
  const isMarkdown = !/\.txt$/i.test(entry.name)
  const markup = isMarkdown
    ? renderMarkdown(text, { headingLevel: 3 })
    : `<pre>${text.split('\n').map(shown).join('\n')}</pre>`
  return { name: entry.name, markup }
}

type Order = (a: ListingEntry, b: ListingEntry) => number

const collator = new Intl.Collator('en', { numeric: true })
const byName: Order = (a, b) => collator.compare(a.name, b.name)
const foldersFirst: Order = (a, b) => Number(b.look === 'folder') - Number(a.look === 'folder')
const extension = ({ name }: ListingEntry) => /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
const byType: Order = (a, b) => collator.compare(a.look, b.look) || collator.compare(extension(a), extension(b))

const ORDERS: Record<Sort, Order> = {
  name: (a, b) => foldersFirst(a, b) || byName(a, b),
  '-name': (a, b) => foldersFirst(a, b) || byName(b, a),
  size: (a, b) => a.totalBytes - b.totalBytes || byName(a, b),
  '-size': (a, b) => b.totalBytes - a.totalBytes || byName(a, b),
  type: (a, b) => foldersFirst(a, b) || byType(a, b) || byName(a, b),
  '-type': (a, b) => foldersFirst(b, a) || byType(b, a) || byName(a, b),
}

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
  } catch (error) {
    if (!isCairnError(error)) throw error
    return undefined
  }
}
