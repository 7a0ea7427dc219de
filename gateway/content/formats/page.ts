// A page of ours as a representation: its own entity tag, kept for a week, guarded by its headers (spec: gateway §2.3).

import type { Resolved } from '../../../src/api/content.ts'
import { pageCaching } from '../caching.ts'
import { contentHeaders, type Exchange, type Representation } from '../respond.ts'
import { type PageGuards, pageHeaders } from '../views/page.ts'

export interface PageContent {
  /** Quoted. */
  readonly etag: string
  readonly html: string | Uint8Array
  readonly guards: PageGuards
}

export function pageRepresentation(
  { request }: Exchange,
  resolved: Resolved,
  { etag, html, guards }: PageContent,
): Representation {
  const { 'Content-Type': type, ...headers } = pageHeaders(guards)
  const bytes = typeof html === 'string' ? Buffer.from(html) : html
  return {
    etag,
    headers: { ...contentHeaders(request, resolved), ...headers, ...pageCaching(request) },
    type: () => String(type),
    sizeBytes: bytes.byteLength,
    atHand: () => bytes,
    read: async function* () {
      yield bytes
    },
  }
}
