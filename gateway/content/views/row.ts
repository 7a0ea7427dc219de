// One entry of a folder as a row: picture of what it is, name, CID, size, and a look or listen in place (spec: gateway §2.9).

import { formatSize, MiB } from '../../../src/units.ts'
import { encodeSegment, encodeValue } from '../names.ts'
import { icon, type Look } from './icons.ts'
import { escapeText, linkTo, type Place, shortCid, shown } from './place.ts'

export interface ListingEntry {
  readonly name: string
  readonly cid: string
  /** 0 if the folder does not say. */
  readonly totalBytes: number
  readonly look: Look
  /** By a denylist of this node: named, and not linked. */
  readonly isBlocked?: boolean
}

/** Larger pictures are not loaded for a thumbnail. */
const MOST_THUMBNAIL_BYTES = 2 * MiB

/** Names that no path can reach: in a URL they stand for a folder themselves. */
const STEPS = new Set(['', '.', '..'])

const PREVIEWED: ReadonlySet<Look> = new Set<Look>(['image', 'text', 'code', 'video', 'audio'])

/** Written as text, since a page has a thousand of these; the order of attributes is what others' tests look for. */
export function renderRow(entry: ListingEntry, here: string, place: Place): string {
  const { name, cid, totalBytes, look } = entry
  if (entry.isBlocked === true) return `<li>${icon(look)}<span>${shown(name)}</span><span>blocked here</span></li>\n`
  const isBelow = !STEPS.has(name)
  const href = escapeText(isBelow ? `${here}/${encodeSegment(name)}` : linkTo(place, cid))
  // Relative, for brevity; with its dot, since a name may look like the scheme of a URL.
  const near = escapeText(`./${encodeSegment(name)}`)
  const isPreviewed = isBelow && PREVIEWED.has(look)
  return (
    `<li${look === 'folder' ? ' class="d"' : ''}>${isBelow ? picture(entry, near) : icon(look)}` +
    `<a href="${href}">${shown(name)}</a>${hashLink(entry, place)}` +
    `${isPreviewed ? `<a class="p" href="${near}?cairn=preview">Preview</a>` : ''}` +
    `${totalBytes > 0 ? `<span>${formatSize(totalBytes)}</span>` : ''}${isBelow ? player(look, near) : ''}</li>\n`
  )
}

function hashLink({ name, cid }: ListingEntry, place: Place): string {
  // Encoded twice, as a template once did it and clients now expect it.
  const saved = escapeText(encodeValue(encodeSegment(name)))
  const attributes =
    place.host === undefined
      ? `href="${linkTo(place, cid)}" target="_blank" rel="noreferrer noopener"`
      : `href="${linkTo(place, cid, `?filename=${saved}`)}"`
  return `<a class="ipfs-hash" translate="no" ${attributes}>${shortCid(cid)}</a>`
}

function picture({ look, totalBytes }: ListingEntry, href: string): string {
  if (look !== 'image' || totalBytes === 0 || totalBytes > MOST_THUMBNAIL_BYTES) return icon(look)
  return `<img class="t" loading="lazy" decoding="async" alt="" src="${href}">`
}

/** Closed, and not loaded before it is played: a page of films costs nothing until then. */
function player(look: Look, href: string): string {
  if (look !== 'audio' && look !== 'video') return ''
  return `<details><summary>Play</summary><${look} controls preload="none" src="${href}"></${look}></details>`
}
