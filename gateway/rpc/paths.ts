// Content paths as RPC arguments: `/ipfs/<cid>/…`, `/ipld/…`, `ipfs://…`, or a bare `<cid>/…` (spec: kubo-rpc §1.3).

import type { CID } from 'multiformats/cid'
import type { ContentApi, ContentPath, Resolved } from '../../src/api/content.ts'
import { parseCid, RAW } from '../../src/block/cid.ts'
import type { Wait } from '../../src/block/source.ts'
import { type CairnError, isCairnError } from '../../src/errors.ts'
import { enforce } from '../../src/limits.ts'
import { failure, onCode } from './errors.ts'

const TOO_SHORT = 'path does not have enough components'

/** Content, and the names that lead to it. */
export interface NamedContent extends ContentApi {
  resolveName(name: string, wait: Wait): Promise<ContentPath>
}

export type GivenPath =
  | { readonly namespace: 'ipfs' | 'ipld'; readonly path: ContentPath }
  | { readonly namespace: 'ipns'; readonly name: string; readonly segments: readonly string[] }

/** Where a path argument leads: names are followed to what they point to now. */
export async function pathOf(content: NamedContent, given: string, wait: Wait): Promise<ContentPath> {
  const parsed = parsePath(given)
  if (parsed.namespace !== 'ipns') return parsed.path
  const { root, segments } = await content.resolveName(parsed.name, wait)
  return { root, segments: [...segments, ...parsed.segments] }
}

export function parsePath(given: string): GivenPath {
  enforce('pathBytes', Buffer.byteLength(given), 'content path')
  const path = given.replace(/^(ip[fn]s):(?:\/\/)?/, '/$1/')
  const [namespace = '', name, ...segments] = path.startsWith('/') ? clean(path) : ['ipfs', ...clean(path)]
  enforce('pathSegments', segments.length, 'content path')
  if (namespace !== 'ipfs' && namespace !== 'ipld' && namespace !== 'ipns' && namespace !== '') {
    throw invalid(given, `unknown namespace: ${JSON.stringify(namespace)}`)
  }
  if (name === undefined || namespace === '') throw invalid(given, TOO_SHORT)
  if (namespace === 'ipns') return { namespace, name, segments }
  return { namespace, path: { root: rootOf(given, name, path.startsWith('/')), segments } }
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
  content: NamedContent,
  given: string,
  wait: Wait,
): Promise<Resolved & ContentPath> {
  const path = await pathOf(content, given, wait)
  const resolved = await onCode('NO_LINK', content.resolve(path, wait), noLink)
  if (resolved.remainder.length > 0)
    throw failure(`no link named ${JSON.stringify(resolved.remainder[0])} under ${resolved.cid}`)
  return { ...resolved, ...path }
}

/** A path that goes on below the bytes of a file. */
const BELOW_BYTES =
  'func called on wrong kind: "LookupBySegment" called on a bytes node (kind: bytes), but only makes sense on map or list'

const noLink = (error: CairnError) => (error.cid?.code === RAW ? failure(BELOW_BYTES, error) : error)

/** The CID that an argument means, without reading a block when there is no path to follow. */
export async function cidOfArgument(content: NamedContent, given: string, wait: Wait): Promise<CID> {
  return (await targetOfArgument(content, given, wait)).cid
}

/** The same, with the root that it was reached from. */
export async function targetOfArgument(
  content: NamedContent,
  given: string,
  wait: Wait,
): Promise<{ cid: CID; root: CID }> {
  const parsed = parsePath(given)
  if (parsed.namespace !== 'ipns' && parsed.path.segments.length === 0)
    return { cid: parsed.path.root, root: parsed.path.root }
  return resolveArgument(content, given, wait)
}
