// A folder: its index.html in its place, else a listing in pages (spec: gateway §2.9).

import type { ContentApi, Resolved } from '../../../src/api/content.ts'
import type { DenyApi } from '../../../src/api/deny.ts'
import { CairnError, isCairnError } from '../../../src/errors.ts'
import { contentHeaders, type Exchange, type Representation } from '../respond.ts'
import { fileRepresentation } from './file.ts'
import { listingOf, noPage, type PageCache, pageKey, readWish, renderFolder, type Wish } from './listing.ts'

interface FolderSources {
  readonly content: ContentApi
  readonly denylist: DenyApi
  readonly pages: PageCache
}

export async function directoryRepresentation(
  { content, pages, denylist }: FolderSources,
  exchange: Exchange,
  resolved: Resolved,
): Promise<Representation> {
  const { request } = exchange
  // What is blocked is shown so: another list makes another page.
  const keyOf = (wish: Wish) => `${denylist.generation} ${pageKey(request, resolved, wish)}`
  const wish = readWish(request)
  const known = wish === undefined ? undefined : pages.get(keyOf(wish))
  if (wish !== undefined && known !== undefined) return listingOf(exchange, resolved, wish, known)
  const index = await findIndex(content, exchange)
  if (index !== undefined) return indexPage(content, exchange, resolved, index)
  if (wish === undefined) throw noPage(request)
  const { html, isLasting } = await renderFolder({ content, denylist }, exchange, resolved, wish)
  if (isLasting) pages.set(keyOf(wish), html)
  return listingOf(exchange, resolved, wish, html)
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
