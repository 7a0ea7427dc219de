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
import type { Exchange } from '../respond.ts'
import { type Look, lookOfFile } from '../views/icons.ts'
import { LISTING_VERSION, renderListing, SORTS, type Sort } from '../views/listing.ts'
import { ORDERS } from '../views/order.ts'
import { placeOf } from '../views/place.ts'
import type { ListingEntry } from '../views/row.ts'
import { arrivingListing, inTime, LATE } from './arriving.ts'
import { findReadme } from './readme.ts'

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

export interface FolderSources {
  readonly content: ContentApi
  readonly denylist: DenyApi
}

/** `isPart`: something that belongs to the page was not to be had; another time it may be there. */
export function listingEtag({ cid }: Resolved, { pageNumber, sort }: Wish, denylist: DenyApi, isPart: boolean): string {
  const variant = [
    LISTING_VERSION,
    ...(pageNumber === 1 ? [] : [pageNumber]),
    ...(sort === 'name' ? [] : [sort]),
    ...(denylist.isActive ? [`d${denylist.generation}`] : []),
    ...(isPart ? ['part'] : []),
  ]
  return `"DirIndex-${variant.join('-')}_CID-${cid}"`
}

/** Nothing waits longer for a page to be whole: from then on what is there is shown, and the rest as it comes. */
const PATIENCE_MS = 200

export type Rendered =
  | { readonly html: Uint8Array; readonly isPart: boolean }
  /** The network takes its time over a sharded folder. */
  | { readonly arriving: AsyncIterable<Uint8Array> }

export async function renderFolder(
  sources: FolderSources,
  { request, wait }: Exchange,
  folder: Resolved,
  { pageNumber, sort }: Wish,
): Promise<Rendered> {
  enforce('listingPages', pageNumber, 'this page of the listing')
  const { content } = sources
  const { root } = request.path
  const skip = (pageNumber - 1) * PAGE
  const entries: DirectoryEntry[] = []
  const page = { place: placeOf(request), cid: String(folder.cid), pageNumber }
  // All entries of a plain folder are in its one block, which is here by now.
  const patienceMs = isSharded(content, folder) ? PATIENCE_MS : undefined
  const found = inTime(content.list(folder.cid, { root, signal: wait.signal }), patienceMs)
  let position = 0
  let isHandedOn = false
  try {
    for (let step = await found.next(); step.done !== true; step = await found.next()) {
      const entry = step.value
      if (entry === LATE) {
        // The first page can begin before its entries are known; whether there is another has to be known first.
        if (pageNumber > 1) continue
        isHandedOn = true
        const toRow = (later: DirectoryEntry) => rowOf(sources, later)
        return { arriving: arrivingListing({ page, known: entries, more: found, toRow, most: PAGE }) }
      }
      wait.forNode()
      if (position++ < skip) continue
      entries.push(entry)
      if (entries.length > PAGE) break
    }
  } finally {
    if (!isHandedOn) await found.return(undefined)
  }
  if (entries.length === 0 && pageNumber > 1) throw new CairnError('NOT_FOUND', `this folder has no page ${pageNumber}`)
  const hasNext = entries.length > PAGE
  const isAll = !hasNext && pageNumber === 1
  const rows = entries.slice(0, PAGE).map(entry => rowOf(sources, entry))
  // What fits on one page can be put in the order that people look in; a sharded folder comes by hash.
  if (isAll) rows.sort(ORDERS[sort])
  const readme = await findReadme(sources, entries, { host: page.place.host, signal: wait.signal })
  const isPart = readme === 'elsewhere'
  const listing = {
    ...page,
    entries: rows,
    hasNext,
    sort: isAll ? sort : undefined,
    readme: isPart ? undefined : readme,
  }
  return { html: Buffer.from(String(await renderListing(listing))), isPart }
}

function isSharded({ local }: ContentApi, { cid }: Resolved): boolean {
  const bytes = local.peek(cid)
  return bytes !== undefined && typeOf(cid, bytes) === 'shard'
}

function rowOf({ content, denylist }: FolderSources, entry: DirectoryEntry): ListingEntry {
  return {
    name: entry.name,
    cid: String(entry.cid),
    totalBytes: entry.totalBytes,
    look: look(content, entry),
    isBlocked: denylist.isActive && denylist.check({ cid: entry.cid }) !== undefined,
  }
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
