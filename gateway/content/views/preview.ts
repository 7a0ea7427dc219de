// A file as a page: shown in place as what it is, with its facts. Text is text: nothing of it is run.

import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import { formatSize } from '../../../src/units.ts'
import { hexDump } from './block.ts'
import { renderMarkdown } from './markdown.ts'
import { renderInline } from './markdown-inline.ts'
import { type Html, page } from './page.ts'
import { crumbs, escapeText, hereOf, homeOf, nameOf, type Place, shown, titleOf } from './place.ts'
import { copyButton, SCRIPT_HASH } from './script.ts'
import { STYLE_HASH } from './style.ts'
import { renderValue } from './value.ts'

/** What of a file is shown, and how. */
export type Shown =
  | { readonly as: 'image' | 'audio' | 'video' | 'pdf' }
  | { readonly as: 'text' | 'markdown'; readonly text: string; readonly isCut: boolean }
  | { readonly as: 'value'; readonly value: unknown }
  | { readonly as: 'bytes'; readonly bytes: Uint8Array; readonly isCut: boolean }

export interface PreviewPage {
  readonly place: Place
  readonly cid: string
  readonly sizeBytes: number
  /** Media type. */
  readonly type: string
  readonly content: Shown
}

export function renderPreview(preview: PreviewPage): Html {
  const { place, cid, sizeBytes, type } = preview
  const file = hereOf(place) || '/'
  return page({
    title: `${nameOf(place)} – Preview of ${titleOf(place)}`,
    home: homeOf(place),
    hasScript: true,
    body: html`${raw(crumbs(place))}
<h1><small class="of">Preview</small>${nameOf(place)}</h1>
<p class="facts"><span>${type.replace(/;.*/, '')}</span><span>${formatSize(sizeBytes)}</span><span><a href="${file}">Open</a></span><span><a href="?download=true" download>Download</a></span><span><a href="?cairn=dag">Inspect</a></span><span><a href="?cairn=share">Share</a></span></p>
<p class="cid"><span translate="no">${cid}</span>${copyButton(cid, 'Copy CID')}${copyButton('', 'Copy link')}</p>
${raw(renderContent(preview, escapeText(file)))}`,
  })
}

function renderContent({ place, content, sizeBytes }: PreviewPage, file: string): string {
  const name = escapeText(nameOf(place))
  switch (content.as) {
    case 'image':
      return `<p class="stage"><img src="${file}" alt="${name}"></p>`
    case 'audio':
    case 'video':
      return `<p class="stage"><${content.as} controls preload="metadata" src="${file}"></${content.as}></p>`
    case 'pdf':
      return `<iframe class="stage" title="${name}" src="${file}"></iframe><p class="hint">If nothing is shown here, <a href="${file}">open the document</a>.</p>`
    case 'markdown':
      return `<div class="md">${renderMarkdown(content.text, { headingLevel: 2, host: place.host })}</div>${cutNote(content.isCut, content.text.length, sizeBytes)}`
    case 'text':
      return `<pre class="shown" tabindex="0" aria-label="Content">${content.text
        .split('\n')
        .map(line => shown(line.replace(/\r$/, '').replaceAll('\t', '    ')))
        .join('\n')}</pre>${cutNote(content.isCut, content.text.length, sizeBytes)}`
    case 'value':
      return `<div class="value">${renderValue(content.value, place)}</div>`
    case 'bytes':
      return `<p class="hint">This kind of file cannot be shown here. It begins with these bytes.</p><pre class="hex" tabindex="0" aria-label="First bytes in hex">${escapeText(hexDump(content.bytes))}</pre>`
  }
}

const cutNote = (isCut: boolean, length: number, sizeBytes: number): string =>
  isCut ? `<p class="hint">The beginning only: ${formatSize(length)} of ${formatSize(sizeBytes)}.</p>` : ''

const MAKERS = [renderPreview, renderContent, renderMarkdown, renderInline, renderValue, crumbs, page]

/** Changes with the code that makes the page, so that caches ask again after an update. */
export const PREVIEW_VERSION = createHash('sha256')
  .update([STYLE_HASH, SCRIPT_HASH, ...MAKERS].join('\n'))
  .digest('hex')
  .slice(0, 16)
