// Where a page is: its path as links write it, what stands in front of links to other content, and safe text for markup.

import { escapeName } from '../../../src/dag/names.ts'
import { encodePath, encodeSegment } from '../names.ts'
import type { AskedRequest, Namespace } from '../request.ts'

export interface Place {
  /** In front of `/ipfs/<cid>` of anything else; undefined on a site of its own, which serves no other content. */
  readonly host: string | undefined
  /** In front of the path of the content root in breadcrumbs. */
  readonly above: string
  /** The content root as links below it write it: empty where it has a host of its own. */
  readonly base: string
  readonly namespace: Namespace
  /** The root, or the name, as the client wrote it. */
  readonly root: string
  readonly segments: readonly string[]
}

export function placeOf({
  site,
  namespace,
  rootText,
  segments,
}: Pick<AskedRequest, 'site' | 'namespace' | 'rootText' | 'segments'>): Place {
  const path = `/${namespace}/${encodeSegment(rootText)}`
  const shared = { namespace, root: rootText, segments }
  if (site.kind === 'dnslink') return { ...shared, host: undefined, above: `//${site.host}`, base: '' }
  if (site.kind === 'path') return { ...shared, host: '', above: path, base: path }
  return { ...shared, host: `//${site.gateway}`, above: `//${site.gateway}${path}`, base: '' }
}

/** The page's own path, without a slash at its end. */
export const hereOf = ({ base, segments }: Place): string => base + encodePath(segments)

/** Where the mark in the corner leads. */
export const homeOf = ({ host }: Place): string => `${host ?? ''}/`

/** A link to any content by its CID. */
export const linkTo = ({ host }: Pick<Place, 'host'>, cid: string, query = ''): string =>
  host === undefined ? `https://cid.ipfs.tech/#${cid}` : `${host}/ipfs/${cid}${query}`

/** The last name of the path, or the two ends of the root. */
export const nameOf = ({ root, segments }: Place): string => escapeName(segments.at(-1) ?? shortCid(root))

/** The path as text, for titles. */
export const titleOf = ({ namespace, root, segments }: Place): string =>
  `/${namespace}/${[root, ...segments].map(escapeName).join('/')}`

/** `/ipfs/<a…>/<a…>`: each part leads to its folder; without slashes at their ends, as others' tests look for. */
export function crumbs({ namespace, root, segments, host, above }: Place): string {
  const links = [root, ...segments].map((segment, depth) => {
    const href = host === undefined && depth === 0 ? `${above}/` : above + encodePath(segments.slice(0, depth))
    return `<a href="${escapeText(href)}">${shown(segment)}</a>`
  })
  return `<nav class="crumbs" aria-label="Path">/${namespace}/${links.join('/')}</nav>`
}

/** Its two ends, which is what people compare. */
export const shortCid = (cid: string): string => (cid.length > 20 ? `${cid.slice(0, 4)}…${cid.slice(-4)}` : cid)

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** For text and for quoted attributes alike. */
export const escapeText = (text: string): string =>
  /[&<>"']/.test(text) ? text.replace(/[&<>"']/g, char => ESCAPES[char] ?? char) : text

/** As text: what it would make a browser or a reader obey is spelled out. */
export const shown = (text: string): string => escapeText(escapeName(text))
