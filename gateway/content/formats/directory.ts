// A folder: its index.html in its place, else a listing in pages (spec: gateway §2.9).

import type { ContentApi, Resolved } from '../../../src/api/content.ts'
import { CairnError, isCairnError } from '../../../src/errors.ts'
import { contentHeaders, type Exchange, type Representation } from '../respond.ts'
import { fileRepresentation } from './file.ts'
import {
  type FolderSources,
  listingEtag,
  noPage,
  type PageCache,
  pageKey,
  readWish,
  renderFolder,
  type Wish,
} from './listing.ts'
import { pageRepresentation } from './page.ts'

export async function directoryRepresentation(
  sources: FolderSources & { readonly pages: PageCache },
  exchange: Exchange,
  resolved: Resolved,
): Promise<Representation> {
  const { pages, denylist } = sources
  const { request } = exchange
  // What is blocked is shown so: another list makes another page.
  const keyOf = (wish: Wish) => `${denylist.generation} ${pageKey(request, resolved, wish)}`
  const guards = { hasScript: true }
  const wish = readWish(request)
  const known = wish === undefined ? undefined : pages.get(keyOf(wish))
  if (wish !== undefined && known !== undefined) {
    const etag = listingEtag(resolved, wish, denylist, false)
    return pageRepresentation(exchange, resolved, { etag, html: known, guards })
  }
  const index = await findIndex(sources.content, exchange)
  if (index !== undefined) return indexPage(sources.content, exchange, resolved, index)
  if (wish === undefined) throw noPage(request)
  const rendered = await renderFolder(sources, exchange, resolved, wish)
  const isWhole = 'html' in rendered && !rendered.isPart
  if (isWhole) pages.set(keyOf(wish), rendered.html)
  const html = 'html' in rendered ? rendered.html : rendered.arriving
  return pageRepresentation(exchange, resolved, { etag: listingEtag(resolved, wish, denylist, !isWhole), html, guards })
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
