// What a failure becomes on HTTP: a status from the one table, words for the client, and a log line for the operator.

import { CairnError, type ErrorCode, type ErrorDetails, toCairnError } from '../src/errors.ts'
import type { Logger } from '../src/observe/log.ts'

/** A failure whose answer needs headers of its own (`Allow`, `Content-Range`). */
export class HttpError extends CairnError {
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ErrorCode,
    message: string,
    { headers, ...details }: ErrorDetails & { readonly headers: Readonly<Record<string, string>> },
  ) {
    super(code, message, details)
    this.headers = headers
  }
}

export interface Failure {
  readonly error: CairnError
  readonly status: number
  /** Joins what the client sees with the log line; only where the client cannot help itself. */
  readonly reference: string
  readonly headers: Readonly<Record<string, string>>
}

/** Classifies and logs: what clients do wrong at debug level, what went wrong here as errors. */
export function toFailure(thrown: unknown, { log, what }: { log: Logger; what: string }): Failure {
  const error = toCairnError(thrown)
  const own = error instanceof HttpError ? error.headers : {}
  const isOurs = error.status >= 500 && !EXPECTED.has(error.code)
  const reference = isOurs ? crypto.randomUUID().slice(0, 8) : ''
  if (isOurs) log.error('request failed', { request: what, reference, code: error.code, err: error })
  else log.debug('request refused', { request: what, code: error.code, err: error })
  const retry = RETRY_AFTER_SECS[error.status]
  return {
    error,
    status: error.status,
    reference,
    headers: retry === undefined ? own : { 'Retry-After': retry, ...own },
  }
}

/** 5xx that say something about the network or the request, not about a fault of this program. */
const EXPECTED: ReadonlySet<ErrorCode> = new Set([
  'UNREACHABLE',
  'TIMEOUT',
  'NOT_IMPLEMENTED',
  'SHUTTING_DOWN',
  'NO_DAEMON',
  'HASH_MISMATCH',
  'NAME_NOT_FOUND',
  'BAD_RECORD',
  'BAD_DNSLINK',
  'BAD_REDIRECTS',
])

const RETRY_AFTER_SECS: Record<number, string> = { 429: '60', 502: '60', 503: '10', 504: '30' }
