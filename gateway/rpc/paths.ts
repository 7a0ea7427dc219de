// Content paths as RPC arguments: `/ipfs/<cid>/…`, `/ipld/…`, `ipfs://…`, or a bare `<cid>/…` (spec: kubo-rpc §1.3).

import type { CID } from 'multiformats/cid'
import type { ContentApi, ContentPath, Resolved } from '../../src/api/content.ts'
import { parseCid, RAW } from '../../src/block/cid.ts'
import type { Wait } from '../../src/block/source.ts'
import { type CairnError, isCairnError } from '../../src/errors.ts'
import { enforce } from '../../src/limits.ts'
import { failure, onCode } from './errors.ts'

const TOO_SHORT = 'path does not have enough components'

export function parsePath(given: string): ContentPath {
  enforce('pathBytes', Buffer.byteLength(given), 'content path')
  const path = given.replace(/^(ip[fn]s):(?:\/\/)?/, '/$1/')
  const [namespace = '', name, ...segments] = path.startsWith('/') ? clean(path) : ['ipfs', ...clean(path)]
  enforce('pathSegments', segments.length, 'content path')
  if (namespace === 'ipns') throw failure('could not resolve name')
  if (namespace !== 'ipfs' && namespace !== 'ipld' && namespace !== '') {
    throw invalid(given, `unknown namespace: ${JSON.stringify(namespace)}`)
  }
  if (name === undefined) throw invalid(given, TOO_SHORT)
  return { root: rootOf(given, name, path.startsWith('/')), segments }
}

function rootOf(given: string, name: string, absolute: boolean): CID {
  try {
    return parseCid(name)
  } catch (error) {
    if (!isCairnError(error)) throw error
    throw invalid(given, absolute ? `invalid cid: ${error.message}` : TOO_SHORT, error)
  }
}

/** Go's path.Clean, as segments. */
function clean(path: string): string[] {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  return segments
}

const invalid = (given: string, why: string, cause?: unknown) =>
  failure(`invalid path ${JSON.stringify(given)}: ${why}`, cause)

/** Follows a path argument to the block it names; a path that ends inside a document is refused. */
export async function resolveArgument(
  content: ContentApi,
  given: string,
  wait: Wait,
): Promise<Resolved & { root: CID }> {
  const path = parsePath(given)
  const resolved = await onCode('NO_LINK', content.resolve(path, wait), noLink)
  if (resolved.remainder.length > 0)
    throw failure(`no link named ${JSON.stringify(resolved.remainder[0])} under ${resolved.cid}`)
  return { ...resolved, root: path.root }
}

/** A path that goes on below the bytes of a file. */
const BELOW_BYTES =
  'func called on wrong kind: "LookupBySegment" called on a bytes node (kind: bytes), but only makes sense on map or list'

const noLink = (error: CairnError) => (error.cid?.code === RAW ? failure(BELOW_BYTES, error) : error)

/** The CID that an argument means, without reading a block when there is no path to follow. */
export async function cidOfArgument(content: ContentApi, given: string, wait: Wait): Promise<CID> {
  const path = parsePath(given)
  return path.segments.length === 0 ? path.root : (await resolveArgument(content, given, wait)).cid
}
