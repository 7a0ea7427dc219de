// A folder as a page: where one is, what lies there, its README, and what can be done with it (spec: gateway §2.9).

import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import { LIMITS } from '../../../src/limits.ts'
import { formatSize } from '../../../src/units.ts'
import { ICONS, icon } from './icons.ts'
import { renderMarkdown } from './markdown.ts'
import { renderInline } from './markdown-inline.ts'
import { type Html, page } from './page.ts'
import { crumbs, escapeText, hereOf, homeOf, linkTo, nameOf, type Place, titleOf } from './place.ts'
import { type ListingEntry, renderRow } from './row.ts'
import { copyButton, SCRIPT_HASH } from './script.ts'
import { STYLE_HASH } from './style.ts'

export const SORTS = ['name', '-name', 'size', '-size', 'type', '-type'] as const
export type Sort = (typeof SORTS)[number]

export interface Listing {
  readonly place: Place
  readonly cid: string
  readonly entries: readonly ListingEntry[]
  /** From 1. */
  readonly pageNumber: number
  readonly hasNext: boolean
  /** Undefined where the folder comes in pages, in the order it is stored in. */
  readonly sort: Sort | undefined
  /** The entries come later: neither their number is known nor whether there are any. */
  readonly isArriving?: boolean
  /** Undefined if there is none, or it is not here. */
  readonly readme: { readonly name: string; readonly markup: string } | undefined
}

/** Stands where the rows go that are still on their way. */
export const ROWS = '<!--rows-->'

/** So few are found without help. */
const FILTER_FROM = 10

export function renderListing(listing: Listing): Html {
  const { place, entries, sort, readme, isArriving = false } = listing
  const here = hereOf(place)
  const name = nameOf(place)
  const up = `<li>${icon('up')}<a href="${escapeText(here)}/..">..</a></li>\n`
  const rows = isArriving ? ROWS : entries.map(entry => renderRow(entry, here, place)).join('')
  return page({
    title: `${name} – Index of ${titleOf(place)}`,
    home: homeOf(place),
    hasScript: true,
    body: html`${ICONS}${raw(crumbs(place))}
<h1><small class="of">Index of</small>${name}</h1>
${facts(listing)}
${tools(entries.length, sort)}
<ul class="list" aria-label="Entries">
${place.segments.length > 0 ? raw(up) : ''}${rows === '' ? html`<li class="empty">This folder is empty.</li>` : raw(rows)}
</ul>
<p class="hint" id="none" role="status" hidden>Nothing here has that in its name.</p>
${pages(listing)}
${readme === undefined ? '' : html`<section class="readme" aria-labelledby="readme"><h2 id="readme">${readme.name}</h2><div class="md">${raw(readme.markup)}</div></section>`}`,
  })
}

function facts({ place, entries, pageNumber, hasNext, cid, isArriving = false }: Listing): Html {
  const isAll = pageNumber === 1 && !hasNext
  const first = (pageNumber - 1) * LIMITS.listingEntries.value
  const number = (value: number) => value.toLocaleString('en')
  const count = isArriving
    ? 'Entries as they arrive'
    : isAll
      ? `${number(entries.length)} ${entries.length === 1 ? 'entry' : 'entries'}`
      : `Page ${number(pageNumber)}: entries ${number(first + 1)} to ${number(first + entries.length)}`
  const bytes = isAll && !isArriving ? entries.reduce((sum, entry) => sum + entry.totalBytes, 0) : 0
  const size = bytes > 0 ? html`<span>${formatSize(bytes)}</span>` : ''
  const address = place.namespace === 'ipns' ? html`<a href="${linkTo(place, cid)}">${cid}</a>` : cid
  return html`<p class="facts"><span>${count}</span>${size}<span>Download <a href="?cairn=zip" download>ZIP</a> <a href="?format=tar" download>TAR</a> <a href="?format=car" download>CAR</a></span><span><a href="?cairn=dag">Inspect</a></span><span><a href="?cairn=share">Share</a></span></p>
<p class="cid"><span translate="no">${address}</span>${copyButton(cid, 'Copy CID')}${copyButton('', 'Copy link')}</p>`
}

function tools(count: number, sort: Sort | undefined): Html | string {
  if (count < 2) return ''
  const link = (key: 'name' | 'size' | 'type') => {
    const isHere = sort === key || sort === `-${key}`
    const next = sort === key ? `-${key}` : key
    const arrow = isHere ? html` <span aria-hidden="true">${sort === key ? '↓' : '↑'}</span>` : ''
    return html`<a href="?sort=${next}"${isHere ? html` aria-current="true"` : ''}>${key}${arrow}</a>`
  }
  const sorts =
    sort === undefined
      ? ''
      : html`<nav aria-label="Order"><span>Sort by</span> ${link('name')} ${link('size')} ${link('type')}</nav>`
  const filter =
    count < FILTER_FROM
      ? ''
      : html`<label hidden>Filter${sort === undefined ? ' this page' : ''} <input id="filter" type="search" autocomplete="off" spellcheck="false"></label>`
  return html`<div class="tools">${sorts}${filter}</div>`
}

function pages({ pageNumber, hasNext }: Listing): Html | string {
  if (pageNumber === 1 && !hasNext) return ''
  const previous =
    pageNumber > 1 ? html`<a rel="prev" href="?page=${pageNumber - 1}">← Previous page</a>` : html`<span></span>`
  const next = hasNext ? html`<a rel="next" href="?page=${pageNumber + 1}">Next page →</a>` : ''
  return html`<nav class="pages" aria-label="Pages">${previous}${next}</nav>`
}

const MAKERS = [renderListing, renderRow, crumbs, facts, tools, pages, page, renderMarkdown, renderInline]

/** Changes with the code that makes the page, so that caches ask again after an update. */
export const LISTING_VERSION = createHash('sha256')
  .update([STYLE_HASH, SCRIPT_HASH, ...MAKERS].join('\n'))
  .digest('hex')
  .slice(0, 16)
