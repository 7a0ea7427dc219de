// A content request, parsed once from the raw target: split at `/` first, each segment decoded once (spec: gateway §1.4).

import type { IncomingHttpHeaders } from 'node:http'
import type { CID } from 'multiformats/cid'
import type { ContentPath } from '../../src/api/content.ts'
import { parseCid } from '../../src/block/cid.ts'
import { Lru } from '../../src/dag/lru.ts'
import { escapeName } from '../../src/dag/names.ts'
import { normalizeSegments } from '../../src/dag/path.ts'
import { CairnError, isCairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { decodeSegment, encodePath, encodeSegment } from './names.ts'

/** The request target before and after its first `?`. */
export interface Target {
  readonly path: string
  /** Without the `?`; byte for byte. */
  readonly query: string
  readonly authority?: string
}

export type Namespace = 'ipfs' | 'ipns'

/** Where the client is: on a host that serves paths, on the host of one content root, or on that of a DNSLink name. */
export type Site =
  | { readonly kind: 'path' }
  | { readonly kind: 'root'; readonly gateway: string; readonly scheme: 'http' | 'https' }
  | { readonly kind: 'dnslink'; readonly host: string }

/** What was asked for, before a name in it is resolved. */
export interface AskedRequest {
  readonly isHead: boolean
  readonly site: Site
  readonly namespace: Namespace
  /** The CID or the name as the client wrote it. */
  readonly rootText: string
  /** Below the root, as asked; what a name leads to may put more in front of them. */
  readonly segments: readonly string[]
  /** It ended in `/`: a folder is meant. */
  readonly hasSlash: boolean
  /** `/ipfs/<root>/<segments>` or `/ipns/<name>/<segments>`, encoded, as X-Ipfs-Path and error texts show it. */
  readonly contentPath: string
  /** The same place as the client's address bar has it, encoded: without `/ipfs/<root>` on a root's own host. */
  readonly clientPath: string
  readonly query: string
  readonly parameters: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

export interface ContentRequest extends AskedRequest {
  /** Where the bytes are: never changes what it leads to, whatever the name will say tomorrow. */
  readonly path: ContentPath
  /** What types are told by, where the last segment of the path says less; empty for the bytes alone. */
  readonly typeName?: string
  /** Only for names: how long the answer stays true, if that is known. */
  readonly lifetime?: { readonly ttlSecs: number | undefined }
}

/** A target in absolute form, as proxies are asked, names the host itself. */
export function splitTarget(url: string): Target {
  if (!url.startsWith('/')) {
    const [, authority, rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(url) ?? []
    // RFC 9110 §4.2.1: http without a host is no address.
    if (authority === '') throw new CairnError('BAD_REQUEST', 'the address has no host')
    if (authority !== undefined) return { ...splitTarget(rest.startsWith('/') ? rest : `/${rest}`), authority }
  }
  const mark = url.indexOf('?')
  return mark === -1 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) }
}

export interface Segments {
  readonly names: readonly string[]
  readonly hasSlash: boolean
}

/** BAD_PATH if it leads out of its root, or is not percent-encoded UTF-8. */
export function parseSegments(rawPath: string): Segments {
  enforcePath('bytes', rawPath.length, rawPath)
  const parts = rawPath.split('/')
  const names = normalizeSegments(parts.map(decodeSegment))
  enforcePath('segments', names.length, rawPath)
  return { names, hasSlash: /(?:^|\/)(?:\.|%2e){0,2}$/i.test(rawPath) }
}

function enforcePath(what: 'bytes' | 'segments', value: number, rawPath: string): void {
  const limit = what === 'bytes' ? LIMITS.pathBytes.value : LIMITS.pathSegments.value
  if (value > limit) {
    throw new CairnError(
      'URI_TOO_LONG',
      `"${escapeName(rawPath.slice(0, 80))}…" has ${value} ${what}, more than ${limit}`,
    )
  }
}

interface Root {
  readonly cid: CID
  /** `/ipfs/<root>`, encoded. */
  readonly path: string
}

/** Parsing a CID costs as much as finding its block; the few that are asked for all the time are remembered. */
const knownRoots = new Lru<string, Root>({ max: 5000 })

/** `rest` is what follows it in the path, for the error. */
export const parseRoot = (text: string, rest = ''): CID => rootOf(text, rest).cid

function rootOf(text: string, rest: string): Root {
  const known = knownRoots.get(text)
  if (known !== undefined) return known
  const root = { cid: parseRootText(text, rest), path: `/ipfs/${encodeSegment(text)}` }
  knownRoots.set(text, root)
  return root
}

/** The requested path in the error, as every gateway words it (spec: gateway §1.5). */
function parseRootText(text: string, rest: string): CID {
  try {
    // Only bases that pad may have padding; the decoders take it everywhere.
    if (text.includes('=') && !/^[cCtTMU]/.test(text)) throw new CairnError('BAD_CID', 'it is padded')
    return parseCid(text)
  } catch (cause) {
    const code = isCairnError(cause) && cause.code !== 'LIMIT' ? cause.code : 'BAD_CID'
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CairnError(
      code,
      `invalid path "/ipfs/${escapeName(text.slice(0, 1000) + rest.slice(0, 1000))}": ${why}`,
      { cause },
    )
  }
}

interface RequestParts {
  readonly method: string
  readonly site: Site
  readonly rootText: string
  /** The raw path below the root; empty, or with its leading `/`. */
  readonly rest: string
  readonly query: string
  readonly headers: IncomingHttpHeaders
}

/** A path below some root, taken apart once for all who ask for it. */
interface Below extends Segments {
  /** Encoded anew, with its slash at the end. */
  readonly text: string
}

interface ContentPlace extends Below {
  readonly path: ContentPath
  readonly contentPath: string
}

/** Pages and players ask for the same paths again and again, and taking one apart costs as much as finding its block. */
const knownPlaces = new Lru<string, ContentPlace>({ max: 5000 })
const LONGEST_KNOWN = 300

function placeOf(rootText: string, rest: string): ContentPlace {
  // A raw path has no NUL.
  const key = `${rest}\0${rootText}`
  const known = knownPlaces.get(key)
  if (known !== undefined) return known
  const root = rootOf(rootText, rest)
  const below = belowOf(rest)
  const place = {
    ...below,
    path: { root: root.cid, segments: below.names },
    contentPath: root.path + below.text,
  }
  if (key.length <= LONGEST_KNOWN) knownPlaces.set(key, place)
  return place
}

function belowOf(rest: string): Below {
  const { names, hasSlash } = rest === '' ? NOTHING : parseSegments(rest)
  return { names, hasSlash, text: encodePath(names) + (hasSlash ? '/' : '') }
}

export function contentRequest(parts: RequestParts): ContentRequest {
  const place = placeOf(parts.rootText, parts.rest)
  return Object.assign(askedRequest(parts, 'ipfs', place, place.contentPath), { path: place.path })
}

/** The same under `/ipns`: the path is known when the name has been resolved. */
export function nameRequest(parts: RequestParts): AskedRequest {
  const below = belowOf(parts.rest)
  return askedRequest(parts, 'ipns', below, `/ipns/${encodeSegment(parts.rootText)}${below.text}`)
}

function askedRequest(
  { method, site, rootText, query, headers }: RequestParts,
  namespace: Namespace,
  { names, hasSlash, text }: Below,
  contentPath: string,
): AskedRequest {
  return {
    isHead: method === 'HEAD',
    site,
    namespace,
    rootText,
    segments: names,
    hasSlash,
    contentPath,
    clientPath: site.kind === 'path' ? contentPath : text || '/',
    query,
    parameters: query === '' ? NO_PARAMETERS : new URLSearchParams(query),
    headers,
  }
}

const NOTHING: Segments = { names: [], hasSlash: false }
const NO_PARAMETERS = new URLSearchParams()
