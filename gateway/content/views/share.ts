// How to hand some content on: its address in every form, with a QR code, and what each form promises.

import { html, raw } from 'hono/html'
import { type Html, page } from './page.ts'
import { crumbs, hereOf, homeOf, nameOf, type Place, titleOf } from './place.ts'
import { qrCode } from './qr.ts'
import { copyButton } from './script.ts'

export interface SharePage {
  readonly place: Place
  readonly cid: string
  /** Of this gateway, absolute. */
  readonly url: string
  /** `ipfs://…` */
  readonly uri: string
  /** The link leads to this machine only. */
  readonly isLocal: boolean
}

export function renderShare({ place, cid, url, uri, isLocal }: SharePage): Html {
  const row = (heading: string, text: string, words: string) =>
    html`<h2>${heading}</h2><p class="path"><span translate="no">${text}</span> ${copyButton(text, 'Copy')}</p><p class="hint">${words}</p>`
  return page({
    title: `Share ${nameOf(place)} – ${titleOf(place)}`,
    home: homeOf(place),
    hasScript: true,
    body: html`${raw(crumbs(place))}
<h1><small class="of">Share</small>${nameOf(place)}</h1>
<p class="facts"><span><a href="${hereOf(place) || '/'}">Open</a></span>${place.segments.length > 0 ? html` <span><a href="${hereOf(place)}/..">Folder above</a></span>` : ''}</p>
<div class="share">${code(url)}<div>
${row('Link', url, isLocal ? 'It leads to this machine: nobody else can open it.' : 'Opens in any browser, for as long as this gateway has the content or finds it.')}
${row('Address', uri, place.namespace === 'ipns' ? 'For programs that speak IPFS. The name may lead to other content tomorrow.' : 'For programs that speak IPFS, whoever has the content. It can never come to mean something else.')}
${row('CID', cid, 'The fingerprint of exactly what is here now.')}
</div></div>`,
  })
}

/** With the quiet margin of four dots that readers need; always dark on light. */
function code(text: string): Html | string {
  const grid = qrCode(text)
  if (grid === undefined) return ''
  const size = grid.length + 8
  const dots = grid.map((row, y) => runs(row, y)).join('')
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label="QR code of the link" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path fill="#000" d="${raw(dots)}"/></svg>`
}

/** Dots side by side as one stroke: a third of the bytes. */
function runs(row: readonly boolean[], y: number): string {
  const line = row.map(Number).join('')
  return [...line.matchAll(/1+/g)]
    .map(({ 0: run, index }) => `M${index + 4} ${y + 4}h${run.length}v1h-${run.length}z`)
    .join('')
}
