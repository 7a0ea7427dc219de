// Cache-Control of content: for ever under a CID, under a name as long as it is known to say the same (spec: gateway §2.3).

import type { ContentRequest } from './request.ts'
import type { Headers } from './stream.ts'

const IMMUTABLE: Headers = { 'Cache-Control': 'public, max-age=29030400, immutable' }
/** For pages that this program makes: the next version may make them differently. */
const A_WEEK: Headers = { 'Cache-Control': 'public, max-age=604800, stale-while-revalidate=2678400' }
const UNKNOWN: Headers = {}

export const contentCaching = ({ lifetime }: ContentRequest): Headers =>
  lifetime === undefined ? IMMUTABLE : forSecs(lifetime.ttlSecs, '')

export const pageCaching = ({ lifetime }: ContentRequest): Headers =>
  lifetime === undefined ? A_WEEK : forSecs(lifetime.ttlSecs, ', stale-while-revalidate=2678400')

/** Names that do not say how long they stay true get no header. */
const forSecs = (ttlSecs: number | undefined, more: string): Headers =>
  ttlSecs === undefined ? UNKNOWN : { 'Cache-Control': `public, max-age=${Math.floor(ttlSecs)}${more}` }
