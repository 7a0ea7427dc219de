// One block as a page: what its address says, where its links lead, the value in it, its first bytes (spec: gateway §2.12).

import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import type { CID } from 'multiformats/cid'
import { formatSize } from '../../../src/units.ts'
import { cidParts, codecName } from './cid-parts.ts'
import { type Html, page } from './page.ts'
import { crumbs, homeOf, linkTo, nameOf, type Place, shown, titleOf } from './place.ts'
import { copyButton, SCRIPT_HASH } from './script.ts'
import { STYLE_HASH } from './style.ts'
import { renderValue } from './value.ts'

export interface BlockLink {
  /** Empty where links have none. */
  readonly name: string
  readonly cid: CID
  /** What lies below, as the link says; 0 if it says nothing. */
  readonly totalBytes: number
}

export interface BlockPage {
  readonly place: Place
  readonly cid: CID
  readonly bytes: Uint8Array
  /** What it is, in a few words. */
  readonly kind: string
  readonly links: readonly BlockLink[]
  /** The value of a document; undefined for what is no document. */
  readonly value: { readonly value: unknown } | undefined
  /** Why the block could not be read; empty if it could. */
  readonly fault: string
}

const MOST_LINKS = 250
const HEX_BYTES = 256

export function renderBlock(block: BlockPage): Html {
  const { place, cid, bytes, kind, value, fault } = block
  const codec = codecName(cid.code)
  return page({
    title: `${nameOf(place)} – Block of ${titleOf(place)}`,
    home: homeOf(place),
    hasScript: true,
    body: html`${raw(crumbs(place))}
<h1><small class="of">Block</small>${nameOf(place)}</h1>
<p class="facts"><span>${codec}</span><span>${kind}</span><span>${formatSize(bytes.byteLength)}</span><span>Download <a href="?format=raw" download>Raw Block</a>${native(codec)} <a href="?format=car" download>CAR</a></span>${value === undefined ? html`<span><a href="?">Open</a></span>` : ''}<span><a href="?cairn=share">Share</a></span></p>
<p class="cid"><span translate="no">${String(cid)}</span>${copyButton(String(cid), 'Copy CID')}</p>
${fault === '' ? '' : html`<p class="bad">${shownHtml(fault)}</p>`}
${value === undefined ? '' : html`<h2>Content</h2><div class="value">${raw(renderValue(value.value, place))}</div>`}
<h2>What the address says</h2>
${cidParts(cid)}
${explanation(block)}
${links(block)}
<h2>First bytes</h2>
<pre class="hex" tabindex="0" aria-label="First bytes in hex">${hexDump(bytes.subarray(0, HEX_BYTES))}</pre>
${bytes.byteLength > HEX_BYTES ? html`<p class="hint">The first ${HEX_BYTES} of ${bytes.byteLength.toLocaleString('en')} bytes.</p>` : ''}`,
  })
}

const shownHtml = (text: string): Html => html`${raw(shown(text))}`

const NATIVE = new Set(['dag-json', 'dag-cbor', 'json', 'cbor'])
const native = (codec: string): Html | string =>
  NATIVE.has(codec) ? html` <a href="?format=${codec}" download>${codec.toUpperCase()}</a>` : ''

function links({ links, place }: BlockPage): Html | string {
  if (links.length === 0) return ''
  const row = ({ name, cid, totalBytes }: BlockLink, index: number) =>
    `<li><span class="n">${name === '' ? index : shown(name)}</span><a href="${linkTo(place, String(cid), '?cairn=dag')}" translate="no">${cid}</a>` +
    `${totalBytes > 0 ? `<span>${formatSize(totalBytes)}</span>` : ''}</li>`
  const more = links.length - MOST_LINKS
  return html`<h2>Links <small class="of in-line">${links.length.toLocaleString('en')}</small></h2>
<ul class="links">${raw(links.slice(0, MOST_LINKS).map(row).join(''))}</ul>
${more > 0 ? html`<p class="hint">and ${more.toLocaleString('en')} more</p>` : ''}`
}

function explanation({ cid, links }: BlockPage): Html {
  const tools: Record<number, string> = { 18: 'sha256sum', 19: 'sha512sum' }
  const tool = tools[cid.multihash.code]
  const below =
    links.length === 0
      ? 'This block links to nothing: it is a leaf.'
      : 'Each link below is the address of another block, so this one address vouches for everything below it, too.'
  return html`<details class="how"><summary>How can an address be trusted?</summary>
<p>The digest is a fingerprint of the bytes of this block. Whoever sends them, you can compute it again: a single changed bit gives another one. So it does not matter where content comes from, and an address can never come to mean something else. ${below}</p>
${tool === undefined ? '' : html`<p>Try it: save the <a href="?format=raw" download>raw block</a>, then compare the digest with what this prints.</p><pre tabindex="0"><code><b>$ </b>${tool} ${String(cid)}.bin</code></pre>`}
</details>`
}

/** As `hexdump -C` writes it. */
export function hexDump(bytes: Uint8Array): string {
  if (bytes.byteLength === 0) return '(empty)'
  const lines: string[] = []
  for (let at = 0; at < bytes.byteLength; at += 16) {
    const row = Buffer.from(bytes.subarray(at, at + 16))
    const hex = [...row].map(byte => byte.toString(16).padStart(2, '0')).join(' ')
    const text = row.toString('latin1').replace(/[^\x20-\x7e]/g, '.')
    lines.push(`${at.toString(16).padStart(4, '0')}  ${hex.padEnd(47)}  ${text}`)
  }
  return lines.join('\n')
}

/** Changes with the code that makes the page, so that caches ask again after an update. */
export const BLOCK_VERSION = createHash('sha256')
  .update(
    [STYLE_HASH, SCRIPT_HASH, renderBlock, links, explanation, hexDump, cidParts, renderValue, crumbs, page].join('\n'),
  )
  .digest('hex')
  .slice(0, 16)
