// Denylists that others publish: fetched with their ETag, looked through, and put in the place of the last copy only if they are good.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import type { Wait } from '../block/source.ts'
import { writeWhole } from '../config/edit.ts'
import type { Config } from '../config/schema.ts'
import { CairnError, isCairnError, toCairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { makeFolders } from '../writable.ts'
import { denyPaths, subscribedFile, subscribedState } from './deny-paths.ts'
import { ListParser } from './list-parser.ts'

const REDIRECTS = 3

export interface SubscriptionState {
  readonly url: string
  readonly etag?: string
  readonly lastModified?: string
  /** ISO 8601: when the copy came, and when it was last asked for. */
  readonly fetchedAt?: string
  readonly checkedAt: string
  readonly rules?: number
  /** Why the last try brought nothing. */
  readonly error?: string
}

export type UpdateOutcome =
  | { readonly url: string; readonly outcome: 'new'; readonly rules: number; readonly badLines: number }
  | { readonly url: string; readonly outcome: 'same' }
  | { readonly url: string; readonly outcome: 'failed'; readonly error: CairnError }

export interface SubscriptionOptions extends Wait {
  readonly repo: string
  readonly config: Config['deny']
}

/** Each in turn; what fails leaves the copy there is. */
export async function* updateSubscriptions(options: SubscriptionOptions): AsyncGenerator<UpdateOutcome> {
  for (const url of options.config.subscriptions) {
    const before = readState(options.repo, url)
    const checkedAt = new Date().toISOString()
    try {
      const got = await fetchList(url, before, options)
      writeState(options.repo, {
        ...before,
        url,
        checkedAt,
        error: undefined,
        ...got?.state,
        ...(got && { fetchedAt: checkedAt }),
      })
      yield got === undefined
        ? { url, outcome: 'same' }
        : { url, outcome: 'new', rules: got.rules, badLines: got.badLines }
    } catch (cause) {
      options.signal.throwIfAborted()
      const error = toCairnError(cause)
      writeState(options.repo, { ...before, url, checkedAt, error: error.message })
      yield { url, outcome: 'failed', error }
    }
  }
}

export function readState(repo: string, url: string): SubscriptionState | undefined {
  try {
    const state = JSON.parse(readFileSync(subscribedState(repo, url), 'utf8')) as SubscriptionState
    return state.url === url ? state : undefined
  } catch {
    // Never fetched, or a file that says nothing: it is fetched as if for the first time.
    return undefined
  }
}

function writeState(
  repo: string,
  state: { [K in keyof SubscriptionState]: SubscriptionState[K] | undefined } & { url: string },
): void {
  makeFolders(denyPaths(repo).subscribed, 0o700)
  writeWhole(subscribedState(repo, state.url), `${JSON.stringify(state)}\n`)
}

interface Got {
  readonly rules: number
  readonly badLines: number
  readonly state: Pick<SubscriptionState, 'etag' | 'lastModified' | 'rules'>
}

/** Undefined if it has not changed. */
async function fetchList(
  url: string,
  before: SubscriptionState | undefined,
  options: SubscriptionOptions,
): Promise<Got | undefined> {
  const { repo } = options
  makeFolders(denyPaths(repo).subscribed, 0o700)
  const file = subscribedFile(repo, url)
  const temp = `${file}.${process.pid}.tmp`
  const fd = openSync(temp, 'w', 0o600)
  try {
    const download = new Download(url, fd)
    const { status, headers } = await ask(url, before, options, download)
    if (status === 304) return undefined
    if (status !== 200) throw new CairnError('UNREACHABLE', `${url} answers with status ${status}`)
    const { ruleCount, badLines } = download.end()
    fsyncSync(fd)
    renameSync(temp, file)
    const { etag, 'last-modified': lastModified } = headers
    return {
      rules: ruleCount,
      badLines,
      state: {
        rules: ruleCount,
        ...(etag !== undefined && { etag }),
        ...(lastModified !== undefined && { lastModified }),
      },
    }
  } finally {
    closeSync(fd)
    rmSync(temp, { force: true })
  }
}

/** To the disk and through the parser at once: what cannot be used never takes the place of what can. */
class Download {
  readonly #url: string
  readonly #fd: number
  readonly #parser: ListParser

  constructor(url: string, fd: number) {
    this.#url = url
    this.#fd = fd
    this.#parser = new ListParser({ name: url })
  }

  push(chunk: Uint8Array): void {
    writeSync(this.#fd, chunk)
    this.#parser.push(chunk)
  }

  /** A list without a rule is a failed download, a page that says so, or the end of that list: none of them is to unblock everything. */
  end(): { ruleCount: number; badLines: number } {
    const list = this.#parser.end()
    if (list.ruleCount === 0)
      throw new CairnError('BAD_CONFIG', `what came from ${this.#url} has no rule in it`, { hint: '' })
    return list
  }
}

async function ask(
  url: string,
  before: SubscriptionState | undefined,
  { repo, config, signal }: SubscriptionOptions,
  download: Download,
) {
  const wait = { signal: AbortSignal.any([signal, AbortSignal.timeout(LIMITS.denyFetchMs.value)]) }
  // Without the copy itself its tag is worth nothing.
  const known = before !== undefined && hasCopy(repo, url) ? before : undefined
  const headers = {
    ...(known?.etag !== undefined && { 'if-none-match': known.etag }),
    ...(known?.lastModified !== undefined && { 'if-modified-since': known.lastModified }),
    'accept-encoding': 'identity',
    'user-agent': 'cairn',
  }
  // Lazily: most commands fetch no list, and HTTP is slow to load.
  const { getSafely } = await import('../names/outbound.ts')
  let at = parseUrl(url)
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    const answer = await getSafely(at, {
      ...wait,
      accept: 'text/plain, */*;q=0.5',
      maxBytes: LIMITS.denyListBytes.value,
      allowPrivate: config.allowPrivate,
      headers,
      sink: chunk => download.push(chunk),
    }).catch(refusedAddress)
    const { location } = answer.headers
    if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer
    at = parseUrl(new URL(location, at).href)
  }
  throw new CairnError('UNREACHABLE', `${url} leads on and on`)
}

/** The guard knows only that it refused, not for which of its users. */
function refusedAddress(cause: unknown): never {
  if (!isCairnError(cause, 'FORBIDDEN')) throw cause
  throw new CairnError('FORBIDDEN', cause.message, { cause, hint: 'if it is meant to be asked: deny.allowPrivate' })
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new CairnError('BAD_CONFIG', `deny.subscriptions: "${text}" is no http or https URL`)
  return url
}

function hasCopy(repo: string, url: string): boolean {
  try {
    closeSync(openSync(subscribedFile(repo, url), 'r'))
    return true
  } catch {
    return false
  }
}
