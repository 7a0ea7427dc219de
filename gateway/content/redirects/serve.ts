// What a site's `_redirects` make of a path that is not there: a redirect, another page in its place, a page of its own for 404 (spec: gateway §2.19).

import type { CID } from 'multiformats/cid'
import type { ContentApi, Resolved } from '../../../src/api/content.ts'
import { Lru } from '../../../src/dag/lru.ts'
import { CairnError, isCairnError, toCairnError } from '../../../src/errors.ts'
import { LIMITS } from '../../../src/limits.ts'
import { keepPrivate, withoutSignature } from '../../safety/signed.ts'
import { fileRepresentation } from '../formats/file.ts'
import { isOnlyIfCached } from '../local.ts'
import type { Choice } from '../negotiate.ts'
import { represent, type Sources } from '../represent.ts'
import { type ContentRequest, parseSegments } from '../request.ts'
import { answer, CORS, type Exchange, redirect } from '../respond.ts'
import { type Headers, send } from '../stream.ts'
import { typeByName } from '../types.ts'
import { locationOf, type Match, matchRules, pathOf } from './match.ts'
import { parseRedirects, type Rule, tooLarge } from './parse.ts'

const FILE = '_redirects'
const AS_IT_IS: Choice = { formats: [], parameters: new Map(), byAccept: false }

/** Only a site with an origin of its own has rules, and only for pages that are not there. */
export function mayRedirect(error: unknown, { site, headers }: ContentRequest, { formats }: Choice): boolean {
  return site.kind !== 'path' && formats.length === 0 && isCairnError(error, 'NO_LINK') && !isOnlyIfCached(headers)
}

export interface RuleSources extends Sources {
  /** Answers say which line of the file made them. */
  readonly showsRules: boolean
}

/** Throws `missing` again if no rule speaks of the path. */
export async function serveByRules(sources: RuleSources, exchange: Exchange, missing: unknown): Promise<void> {
  const { request, outgoing } = exchange
  const rules = await rulesOf(sources.content, exchange)
  const match = matchRules(rules, request.segments)
  if (match === undefined) throw missing
  if (sources.showsRules) outgoing.setHeader('X-Cairn-Redirects-Line', match.line)
  if (match.status >= 300 && match.status < 400) {
    // What opens content here is not for others to see.
    const query = match.to.origin === '' ? request.query : withoutSignature(request.query)
    return redirect(outgoing, { status: match.status, location: locationOf(match, query) })
  }
  const found = await targetOf(sources.content, exchange, match)
  if (match.status !== 200) return sendPage(sources.content, exchange, found, match.status)
  const { path, resolved } = found
  if (resolved.kind === 'directory' && !request.hasSlash) {
    const query = request.query === '' ? '' : `?${request.query}`
    return redirect(outgoing, { status: 301, location: `${request.clientPath}/${query}` })
  }
  const rewritten = { ...exchange, request: { ...request, path, typeName: typeNameOf(request, path) } }
  await answer(rewritten, await represent(sources, rewritten, resolved, AS_IT_IS))
}

/** Rules by the file they were read from, which never changes. */
const known = new Lru<string, readonly Rule[]>({ max: 200 })

async function rulesOf(content: ContentApi, { request, wait }: Exchange): Promise<readonly Rule[]> {
  const { root } = request.path
  try {
    const file = await find(content, { root, segments: [FILE] }, wait)
    if (file === undefined) return []
    const seen = known.get(String(file.cid))
    if (seen !== undefined) return seen
    if (file.kind !== 'file') throw new CairnError('BAD_REDIRECTS', 'could not parse _redirects: it is not a file')
    if (file.sizeBytes > LIMITS.redirectsBytes.value) throw tooLarge()
    const rules = parseRedirects(await readWhole(content, file.cid, root, wait.signal))
    known.set(String(file.cid), rules)
    return rules
  } catch (cause) {
    // It has a rule and a status of its own to tell.
    if (isCairnError(cause, 'BLOCKED')) throw cause
    const { code, message, tried } = toCairnError(cause)
    // The page may be one that a rule would have made: it is not known to be missing.
    const told = code === 'BLOCK_NOT_LOCAL' ? 'BAD_REDIRECTS' : code
    throw new CairnError(told, `trouble processing _redirects: ${message}`, { cause, tried })
  }
}

async function readWhole(content: ContentApi, cid: CID, root: CID, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of content.read(cid, { root, signal })) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function find(
  content: ContentApi,
  path: ContentRequest['path'],
  wait: Exchange['wait'],
): Promise<Resolved | undefined> {
  try {
    return await content.resolve(path, wait)
  } catch (error) {
    if (isCairnError(error, 'NO_LINK')) return undefined
    throw error
  }
}

interface Target {
  readonly path: ContentRequest['path']
  readonly resolved: Resolved
}

/** One step: what a rewrite leads to is not matched again. NO_LINK if it is not there. */
async function targetOf(content: ContentApi, { request, wait }: Exchange, match: Match): Promise<Target> {
  const { names } = parseSegments(pathOf(match))
  const path = { root: request.path.root, segments: names }
  const resolved = await content.resolve(path, wait)
  if (resolved.remainder.length > 0)
    throw new CairnError('NO_LINK', `_redirects leads into a document: ${resolved.cid}`)
  return { path, resolved }
}

/** Clients know the name that they asked for; a page in its place is HTML if it looks so. */
function typeNameOf(request: ContentRequest, path: ContentRequest['path']): string {
  const [asked = '', target = ''] = [request.segments.at(-1), path.segments.at(-1)]
  if (typeByName(asked) !== undefined) return asked
  return typeByName(target) === 'text/html' ? '' : target
}

/** A page for an error is all of that page, whatever part of it the client would have liked. */
async function sendPage(
  content: ContentApi,
  exchange: Exchange,
  { path, resolved }: Target,
  status: number,
): Promise<void> {
  if (resolved.kind !== 'file')
    throw new CairnError('BAD_REDIRECTS', `_redirects has a ${status} page that is not a file`)
  const page = { ...exchange, request: { ...exchange.request, path } }
  const { etag, headers, type, sizeBytes, atHand, read } = fileRepresentation(content, page, resolved)
  const head: Headers = { ...CORS, Etag: etag, ...headers, 'Content-Type': await type(undefined) }
  const { policy } = exchange
  if (policy?.privateUntilSecs !== undefined) keepPrivate(head, policy.privateUntilSecs)
  return send(page, { status, head, sizeBytes, atHand, open: reuses => read(undefined, reuses) })
}
