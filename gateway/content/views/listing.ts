// A folder as a page: where one is, what lies there, how large it is, and the CID of each entry (spec: gateway §2.9).

import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import { escapeName } from '../../../src/dag/names.ts'
import { LIMITS } from '../../../src/limits.ts'
import { formatSize } from '../../../src/units.ts'
import { encodePath, encodeSegment, encodeValue } from '../names.ts'
import type { Namespace, Site } from '../request.ts'
import { ICONS, icon, type Look } from './icons.ts'
import { type Html, page } from './page.ts'
import { STYLE_HASH } from './style.ts'

export interface ListingEntry {
  readonly name: string
  readonly cid: string
  /** 0 if the folder does not say. */
  readonly totalBytes: number
  readonly look: Look
}

export interface Listing {
  readonly site: Site
  readonly namespace: Namespace
  /** The root, or the name, as the client wrote it. */
  readonly root: string
  readonly segments: readonly string[]
  readonly cid: string
  readonly entries: readonly ListingEntry[]
  /** From 1. */
  readonly pageNumber: number
  readonly hasNext: boolean
}

export function renderListing(listing: Listing): Html {
  const { site, namespace, root, segments, entries } = listing
  const host = site.kind === 'root' ? `//${site.gateway}` : ''
  const base = site.kind === 'path' ? `/${namespace}/${encodeSegment(root)}` : ''
  const above = site.kind === 'dnslink' ? `//${site.host}` : `${host}/${namespace}/${encodeSegment(root)}`
  const here = base + encodePath(segments)
  const name = segments.at(-1) ?? shortCid(root)
  const up = html`<li>${raw(icon('up'))}${raw(`<a href="${attribute(here)}/..">..</a>`)}</li>`
  const rows = entries.map(entry => row(entry, here, site.kind === 'dnslink' ? undefined : host))
  return page({
    title: `${escapeName(name)} – Index of /${namespace}/${escapeName(root)}${segments.map(segment => `/${escapeName(segment)}`).join('')}`,
    home: `${host}/`,
    body: html`${ICONS}<nav class="crumbs" aria-label="Path">${crumbs(listing, above)}</nav>
<h1><small class="of">Index of</small>${escapeName(name)}</h1>
${facts(listing)}
<ul class="list">
${segments.length > 0 ? up : ''}${rows.length > 0 ? raw(rows.join('')) : html`<li class="empty">This folder is empty.</li>`}
</ul>
${pages(listing)}`,
  })
}

/** Names that no path can reach: in a URL they stand for a folder themselves. */
const STEPS = new Set(['', '.', '..'])

/** Written as text, since a page has a thousand of these; the order of attributes is what others' tests look for. */
function row({ name, cid, totalBytes, look }: ListingEntry, here: string, host: string | undefined): string {
  // A site of its own serves no other content: the explorer of CIDs does.
  const elsewhere = `https://cid.ipfs.tech/#${cid}`
  const href = !STEPS.has(name)
    ? `${here}/${encodeSegment(name)}`
    : host === undefined
      ? elsewhere
      : `${host}/ipfs/${cid}`
  // Encoded twice, as a template once did it and clients now expect it (spec: gateway §2.9).
  const saved = encodeValue(encodeSegment(name))
  const link =
    host === undefined
      ? `href="${elsewhere}" target="_blank" rel="noreferrer noopener"`
      : `href="${host}/ipfs/${cid}?filename=${attribute(saved)}"`
  const size = totalBytes > 0 ? `<span>${formatSize(totalBytes)}</span>` : ''
  return (
    `<li${look === 'folder' ? ' class="d"' : ''}>${icon(look)}<a href="${attribute(href)}">${attribute(escapeName(name))}</a>` +
    `<a class="ipfs-hash" translate="no" ${link}>${shortCid(cid)}</a>${size}</li>\n`
  )
}

function crumbs({ site, namespace, root, segments }: Listing, above: string): Html {
  const links = [root, ...segments].map((segment, depth) => {
    const below = encodePath(segments.slice(0, depth))
    const href = site.kind === 'dnslink' && depth === 0 ? `${above}/` : `${above}${below}`
    return `<a href="${attribute(href)}">${attribute(escapeName(segment))}</a>`
  })
  return html`/${namespace}/${raw(links.join('/'))}`
}

function facts({ entries, pageNumber, hasNext, cid }: Listing): Html {
  const isAll = pageNumber === 1 && !hasNext
  const first = (pageNumber - 1) * LIMITS.listingEntries.value
  const number = (value: number) => value.toLocaleString('en')
  const count = isAll
    ? `${number(entries.length)} ${entries.length === 1 ? 'entry' : 'entries'}`
    : `Page ${number(pageNumber)}: entries ${number(first + 1)} to ${number(first + entries.length)}`
  const bytes = isAll ? entries.reduce((sum, entry) => sum + entry.totalBytes, 0) : 0
  const size = bytes > 0 ? html`<span>${formatSize(bytes)}</span>` : ''
  return html`<p class="facts"><span>${count}</span>${size}<span>Download <a href="?format=tar" download>TAR</a> <a href="?format=car" download>CAR</a></span></p>
<p class="cid" translate="no">${cid}</p>`
}

function pages({ pageNumber, hasNext }: Listing): Html | string {
  if (pageNumber === 1 && !hasNext) return ''
  const previous =
    pageNumber > 1 ? html`<a rel="prev" href="?page=${pageNumber - 1}">← Previous page</a>` : html`<span></span>`
  const next = hasNext ? html`<a rel="next" href="?page=${pageNumber + 1}">Next page →</a>` : ''
  return html`<nav class="pages" aria-label="Pages">${previous}${next}</nav>`
}

/** Its two ends, which is what people compare. */
export const shortCid = (cid: string): string => (cid.length > 20 ? `${cid.slice(0, 4)}…${cid.slice(-4)}` : cid)

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const attribute = (text: string): string =>
  /[&<>"']/.test(text) ? text.replace(/[&<>"']/g, char => ESCAPES[char] ?? char) : text

/** Changes with the code that makes the page, so that caches ask again after an update. */
export const LISTING_VERSION = createHash('sha256')
  .update([STYLE_HASH, renderListing, row, crumbs, facts, pages, page].join('\n'))
  .digest('hex')
  .slice(0, 16)
