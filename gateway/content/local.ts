// `Cache-Control: only-if-cached`: an answer from this node's own disk, or 412; not a byte of network (spec: gateway §2.6).

import type { IncomingHttpHeaders } from 'node:http'
import type { ContentApi, Resolved } from '../../src/api/content.ts'
import { resolvePath } from '../../src/dag/resolve.ts'
import { CairnError, isCairnError } from '../../src/errors.ts'
import type { ContentRequest } from './request.ts'

export function isOnlyIfCached({ 'cache-control': directives }: IncomingHttpHeaders): boolean {
  return directives !== undefined && /(?:^|,)\s*only-if-cached\s*(?:,|$)/i.test(directives)
}

export async function resolveHere(
  { local }: ContentApi,
  { path, contentPath }: ContentRequest,
  signal: AbortSignal,
): Promise<Resolved> {
  try {
    return await resolvePath(local, path, { signal })
  } catch (cause) {
    if (!isCairnError(cause, 'BLOCK_NOT_LOCAL')) throw cause
    throw notHere(contentPath, cause)
  }
}

export const notHere = (contentPath: string, cause: unknown) =>
  new CairnError('PRECONDITION_FAILED', `"${contentPath}" not in local datastore`, { cause })
