// Failures of content requests: one table of words for people, as a page for browsers and as text for everything else.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { escapeName } from '../../src/dag/names.ts'
import { type CairnError, ERRORS, type ErrorCode } from '../../src/errors.ts'
import type { Logger } from '../../src/observe/log.ts'
import { METRICS } from '../../src/observe/metrics.ts'
import { BlockedError } from '../../src/policy/blocked-error.ts'
import { type Failure, toFailure } from '../errors.ts'
import { prefersHtml, prefersJson } from './negotiate.ts'
import { CORS } from './respond.ts'
import type { Headers } from './stream.ts'
import { type ErrorPage, renderError } from './views/error.ts'
import { pageHeaders } from './views/page.ts'

interface Words {
  readonly title: string
  readonly advice: readonly string[]
}

const CHECK_ADDRESS = 'Check that the address was copied whole; a CID looks like bafy… or Qm….'
const CHECK_NAME = 'Check how the name is written: a domain, or a key that looks like k51…'
const ASK_OWNER = 'Ask whoever gave you the address whether their node is online.'
const TRY_LATER = 'Try again in a minute: finding providers can take longer than one request waits.'

const WORDS: Partial<Record<ErrorCode, Words>> = {
  BAD_CID: { title: 'This is not a content address', advice: [CHECK_ADDRESS] },
  UNSUPPORTED_HASH: { title: 'This kind of address is not accepted', advice: [CHECK_ADDRESS] },
  BAD_PATH: { title: 'This path cannot be read', advice: [CHECK_ADDRESS] },
  URI_TOO_LONG: { title: 'This path is too long', advice: [] },
  BAD_NAME: { title: 'This is not a name', advice: [CHECK_NAME] },
  NAME_NOT_FOUND: { title: 'Nobody knows what this name stands for', advice: [CHECK_NAME, ASK_OWNER] },
  BAD_RECORD: { title: 'What this name says cannot be believed', advice: [ASK_OWNER] },
  BAD_DNSLINK: { title: 'What this name says cannot be read', advice: [ASK_OWNER] },
  NAME_LOOP: { title: 'This name leads nowhere', advice: [ASK_OWNER] },
  BAD_REDIRECTS: { title: 'The redirects of this site cannot be read', advice: [ASK_OWNER] },
  BAD_REQUEST: { title: 'This request cannot be answered', advice: [] },
  NO_LINK: {
    title: 'Nothing has that name here',
    advice: ['Check how it is written: capital and small letters are different names.'],
  },
  NOT_FOUND: { title: 'Nothing is here', advice: ['Content paths begin with /ipfs/ and a CID.'] },
  BLOCK_NOT_LOCAL: { title: 'This node does not have that content', advice: [ASK_OWNER, CHECK_ADDRESS] },
  UNREACHABLE: { title: 'Nobody delivered this content in time', advice: [TRY_LATER, ASK_OWNER] },
  TIMEOUT: { title: 'This took too long', advice: [TRY_LATER, ASK_OWNER] },
  NOT_ACCEPTABLE: { title: 'This content does not exist in that format', advice: [] },
  UNSUPPORTED_CODEC: {
    title: 'This content cannot be shown',
    advice: ['Add ?format=raw to the address for the block itself, or ?format=car for all that it links to.'],
  },
  NOT_IMPLEMENTED: { title: 'This gateway cannot do that', advice: [] },
  BLOCKED: { title: 'This content is not served here', advice: [] },
  BAD_BLOCK: {
    title: 'This content is malformed',
    advice: ['Add ?format=raw to the address to get its bytes as they are.'],
  },
  HASH_MISMATCH: { title: 'A source sent other bytes than were asked for', advice: [TRY_LATER] },
  METHOD_NOT_ALLOWED: { title: 'Content can only be read here', advice: [] },
  TOO_MANY_REQUESTS: { title: 'Too much at once', advice: ['Wait a minute, then try again.'] },
  NOT_PINNED: { title: 'This gateway does not serve that content', advice: [ASK_OWNER] },
  NOT_SIGNED: { title: 'This address is not enough', advice: ['Ask whoever gave it to you for a new one.'] },
  WRONG_HOST: { title: 'This name is not served here', advice: [] },
  TOO_LARGE: { title: 'This content is too large for this gateway', advice: [] },
  CORRUPT_BLOCK: { title: 'This node has lost a part of this content', advice: [ASK_OWNER] },
  SHUTTING_DOWN: { title: 'This node is restarting', advice: ['Try again in a minute.'] },
}

/** Faults of this node of which a visitor may know what they are. */
const TOLD: ReadonlySet<ErrorCode> = new Set(['CORRUPT_BLOCK'])

const OTHERWISE: Words = { title: 'Something went wrong on this node', advice: [] }

export interface ErrorContext {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly log: Logger
  /** The content path if it was understood, else the target as it came. */
  readonly path: string
  /** Whether it was read as a content path: then the text says that this is what failed. */
  readonly isContent: boolean
  readonly home: string
  /** What the gateway itself knows of a search that was in vain; asked only then. */
  searched(): Promise<Searched>
}

export interface Searched {
  /** What was waited for when the time was over. */
  readonly phase: string
  readonly tried: readonly string[]
}

const NOT_SEARCHED: Searched = { phase: '', tried: [] }

/** After the head has gone, only a cut connection can say that the answer is not whole. */
export async function answerError(thrown: unknown, context: ErrorContext): Promise<void> {
  const { incoming, outgoing, log } = context
  const failure = toFailure(thrown, { log, what: context.path })
  if (outgoing.headersSent || outgoing.destroyed) {
    outgoing.destroy()
    if (failure.error.code !== 'CANCELLED') await tellBroken(failure, context)
    return
  }
  const searched = failure.status === 504 ? await context.searched() : NOT_SEARCHED
  const { type, body } = await bodyOf(failure, context, searched)
  outgoing.writeHead(failure.status, {
    ...CORS,
    ...type,
    'Cache-Control': 'no-store',
    Vary: 'Accept',
    ...failure.headers,
    ...blockedHeaders(failure.error, context.home),
    'Content-Length': Buffer.byteLength(body),
  })
  outgoing.end(incoming.method === 'HEAD' ? undefined : body)
}

interface Body {
  readonly type: Headers
  readonly body: string
}

async function bodyOf(failure: Failure, context: ErrorContext, searched: Searched): Promise<Body> {
  const { accept } = context.incoming.headers
  if (prefersHtml(accept)) return { type: pageHeaders(), body: await errorPage(failure, context, searched) }
  const typeOf = (type: string) => ({ 'Content-Type': type, 'X-Content-Type-Options': 'nosniff' })
  if (prefersJson(accept))
    return { type: typeOf('application/problem+json'), body: errorProblem(failure, context, searched) }
  return { type: typeOf('text/plain; charset=utf-8'), body: errorText(failure, context, searched) }
}

/** The client sees only that its answer ends too early: why, and what was waited for, is for the log. */
async function tellBroken({ error }: Failure, { log, path, searched }: ErrorContext): Promise<void> {
  METRICS.httpAborted.add(1, { listener: 'gateway' })
  const phase = error.status === 504 ? (await searched()).phase : ''
  log.warn('an answer was broken off', {
    request: path,
    code: error.code,
    reason: error.message,
    ...(phase !== '' && { phase }),
    ...(error.tried.length > 0 && { tried: error.tried }),
  })
}

/** RFC 7725 §4: who blocks it; where the rule names nobody, that is this gateway. */
function blockedHeaders(error: CairnError, home: string): Record<string, string> {
  if (!(error instanceof BlockedError) || error.status !== 451) return {}
  return { Link: `<${error.rule.blockedBy || home}>; rel="blocked-by"` }
}

async function errorPage(
  { error, status, reference }: Failure,
  { path, isContent, home }: ErrorContext,
  searched: Searched,
): Promise<string> {
  const { title, advice } = WORDS[error.code] ?? OTHERWISE
  const message = sentence(
    isTold(error, reference) ? error.message : 'The operator of this node finds the reason in its log.',
  )
  const page = renderError({
    status,
    title,
    message: searched.phase === '' ? message : `${message} The time was over while ${searched.phase}.`,
    path,
    tried: [...searched.tried, ...error.tried],
    advice: [...hintFor(error), ...advice],
    actions: isContent ? actionsFor(error.code, status, path) : [],
    reference,
    home,
  })
  return String(await page)
}

const TEMPORARY: ReadonlySet<number> = new Set([429, 502, 503, 504])
const UNREAD: ReadonlySet<ErrorCode> = new Set(['UNSUPPORTED_CODEC', 'BAD_BLOCK'])

/** What can be done with one click, relative to the address that failed. */
function actionsFor(code: ErrorCode, status: number, path: string): ErrorPage['actions'] {
  if (TEMPORARY.has(status)) return [{ href: '', label: 'Try again' }]
  if (code === 'NO_LINK') return [{ href: path.endsWith('/') ? '..' : '.', label: 'Open the folder above' }]
  return UNREAD.has(code) ? [{ href: '?cairn=dag', label: 'Look at the block' }] : []
}

function errorText({ error, reference }: Failure, { path, isContent }: ErrorContext, searched: Searched): string {
  if (!isTold(error, reference)) return `internal error, reference ${reference}\n`
  const text = escapeName(error.message) + (reference === '' ? '' : ` (reference ${reference})`)
  const lines = [isContent && NAMES_NO_PATH.has(error.code) ? `failed to resolve ${escapeName(path)}: ${text}` : text]
  lines.push(...hintFor(error))
  if (searched.phase !== '') lines.push(`the time was over while ${escapeName(searched.phase)}`)
  const tried = [...searched.tried, ...error.tried]
  lines.push(...tried.map(line => `tried: ${escapeName(line)}`))
  return `${lines.join('\n')}\n`
}

const isTold = ({ code }: CairnError, reference: string): boolean => reference === '' || TOLD.has(code)

/** RFC 9457: the same for programs, which match `code`. */
function errorProblem({ error, status, reference }: Failure, { path }: ErrorContext, searched: Searched): string {
  const tried = [...searched.tried, ...error.tried]
  const hints = hintFor(error)
  return `${JSON.stringify({
    title: (WORDS[error.code] ?? OTHERWISE).title,
    status,
    code: error.code,
    instance: path,
    ...(reference !== '' && { reference }),
    ...(isTold(error, reference) && { detail: error.message }),
    ...(hints.length > 0 && { hint: hints.join(' ') }),
    ...(searched.phase !== '' && { phase: searched.phase }),
    ...(tried.length > 0 && { tried }),
  })}\n`
}

/** Failures on the way to the content; the text says which way that was (spec: gateway §2.21). */
const NAMES_NO_PATH: ReadonlySet<ErrorCode> = new Set([
  'NO_LINK',
  'NOT_FOUND',
  'BLOCK_NOT_LOCAL',
  'UNREACHABLE',
  'TIMEOUT',
  'BAD_BLOCK',
  'HASH_MISMATCH',
  'NOT_A_DIRECTORY',
  'NAME_NOT_FOUND',
  'BAD_RECORD',
  'BAD_DNSLINK',
  'NAME_LOOP',
])

/** Hints of the gateway's own refusals are for visitors; those from below are for whoever runs the node. */
const OWN: ReadonlySet<ErrorCode> = new Set([
  'BAD_REQUEST',
  'NOT_ACCEPTABLE',
  'NOT_IMPLEMENTED',
  'BAD_CID',
  'TOO_LARGE',
])

function hintFor({ code, hint }: CairnError): string[] {
  return OWN.has(code) && hint !== '' && hint !== ERRORS[code].hint ? [sentence(hint)] : []
}

const sentence = (text: string): string => {
  const first = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?…]$/.test(first) ? first : `${first}.`
}
