// What a name points to: the text of a record or a DNSLink as a content path, immutable or through another name.

import type { ContentPath } from '../api/content.ts'
import { normalizeSegments, parseContentPath } from '../dag/path.ts'
import { CairnError } from '../errors.ts'
import { enforce } from '../limits.ts'
import { type Name, parseName, shown } from './name.ts'

export type Target =
  | { readonly kind: 'content'; readonly path: ContentPath }
  | { readonly kind: 'name'; readonly name: Name; readonly segments: readonly string[] }

/** Segments are literal. BAD_PATH, BAD_CID or BAD_NAME for what leads nowhere. */
export function parseTarget(text: string): Target {
  if (hasControls(text)) throw new CairnError('BAD_PATH', `"${shown(text)}" holds control characters`)
  if (text.startsWith('/ipfs/')) return { kind: 'content', path: parseContentPath(text) }
  if (!text.startsWith('/ipns/'))
    throw new CairnError('BAD_PATH', `"${shown(text)}" begins with neither /ipfs/ nor /ipns/`)
  enforce('pathBytes', Buffer.byteLength(text), 'content path')
  const [name = '', ...segments] = text.slice('/ipns/'.length).split('/')
  return { kind: 'name', name: parseName(name), segments: checkedSegments(segments, text) }
}

/** The same content, with more segments behind. */
export const below = (path: ContentPath, segments: readonly string[]): ContentPath =>
  segments.length === 0 ? path : { root: path.root, segments: checkedSegments([...path.segments, ...segments]) }

function checkedSegments(segments: readonly string[], text?: string): string[] {
  const kept = normalizeSegments(segments, text)
  enforce('pathSegments', kept.length, 'content path')
  return kept
}

/** They would end up in headers, logs and terminals, and no published path has a use for them. */
function hasControls(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || code === 0x7f) return true
  }
  return false
}
