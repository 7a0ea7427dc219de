// A page of ours as a representation: its own entity tag, kept for a week, guarded by its headers (spec: gateway §2.3).

import type { Resolved } from '../../../src/api/content.ts'
import { pageCaching } from '../caching.ts'
import { contentHeaders, type Exchange, type Representation } from '../respond.ts'
import type { Headers } from '../stream.ts'
import { type PageGuards, pageHeaders } from '../views/page.ts'

export interface PageContent {
  /** Quoted. */
  readonly etag: string
  readonly html: string | Uint8Array | AsyncIterable<Uint8Array>
  readonly guards: PageGuards
  /** It says something of this request alone. */
  readonly isPrivate?: boolean
}

const NO_STORE: Headers = { 'Cache-Control': 'no-store' }

export function pageRepresentation(
  { request }: Exchange,
  resolved: Resolved,
  { etag, html, guards, isPrivate = false }: PageContent,
): Representation {
  const { 'Content-Type': type, ...headers } = pageHeaders(guards)
  const shared = {
    etag,
    headers: { ...contentHeaders(request, resolved), ...headers, ...(isPrivate ? NO_STORE : pageCaching(request)) },
    type: () => String(type),
  }
  if (typeof html !== 'string' && !(html instanceof Uint8Array)) return { ...shared, isLive: true, read: () => html }
  const bytes = typeof html === 'string' ? Buffer.from(html) : html
  return {
    ...shared,
    sizeBytes: bytes.byteLength,
    atHand: () => bytes,
    read: async function* () {
      yield bytes
    },
  }
}
