// Conditional requests: If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since, If-Range (spec: gateway §2.4; RFC 9110 §13).

import type { IncomingHttpHeaders } from 'node:http'

export interface Validators {
  /** As sent: quoted, perhaps weak. */
  readonly etag: string
  /** Seconds since the epoch, where a real time is known. */
  readonly modifiedSecs?: number | undefined
}

export type Verdict = 'serve' | 'not-modified' | 'failed'

/** Garbage in these headers is ignored, never an error. */
export function checkConditions(headers: IncomingHttpHeaders, validators: Validators): Verdict {
  const { etag, modifiedSecs } = validators
  const ifMatch = headers['if-match']
  if (ifMatch !== undefined) {
    if (!names(ifMatch, etag, strong)) return 'failed'
  } else {
    const since = httpDate(headers['if-unmodified-since'])
    if (since !== undefined && modifiedSecs !== undefined && modifiedSecs > since) return 'failed'
  }
  const ifNoneMatch = headers['if-none-match']
  if (ifNoneMatch !== undefined) return names(ifNoneMatch, etag, weak) ? 'not-modified' : 'serve'
  const since = httpDate(headers['if-modified-since'])
  return since !== undefined && modifiedSecs !== undefined && modifiedSecs <= since ? 'not-modified' : 'serve'
}

/** Whether a Range header counts: without If-Range, or if it names this very representation. */
export function rangeApplies(headers: IncomingHttpHeaders, { etag, modifiedSecs }: Validators): boolean {
  const ifRange = headers['if-range']
  if (typeof ifRange !== 'string') return true
  const value = ifRange.trim()
  if (value.startsWith('"') || /^w\//i.test(value)) return strong(value, etag)
  return modifiedSecs !== undefined && httpDate(value) === modifiedSecs
}

const weak = (a: string, b: string): boolean => opaque(a) === opaque(b)
const strong = (a: string, b: string): boolean => a === b && !a.startsWith('W/')
const opaque = (tag: string): string => (/^w\//i.test(tag) ? tag.slice(2) : tag)

function names(header: string, etag: string, same: (a: string, b: string) => boolean): boolean {
  if (header.trim() === '*') return true
  return (header.match(/(?:W\/)?"[^"]*"/gi) ?? []).some(tag => same(tag, etag))
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const FORMS = [
  // IMF-fixdate, RFC 850, asctime
  /^[A-Z][a-z]{2}, (?<day>\d{2}) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<h>\d{2}):(?<m>\d{2}):(?<s>\d{2}) GMT$/,
  /^[A-Z][a-z]{5,8}, (?<day>\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\d{2}) (?<h>\d{2}):(?<m>\d{2}):(?<s>\d{2}) GMT$/,
  /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<h>\d{2}):(?<m>\d{2}):(?<s>\d{2}) (?<year>\d{4})$/,
]

/** Seconds since the epoch of one of the three forms of an HTTP date, or undefined. */
export function httpDate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  for (const form of FORMS) {
    const { day, month = '', year = '', h, m, s } = form.exec(text.trim())?.groups ?? {}
    const monthIndex = MONTHS.indexOf(month)
    if (monthIndex === -1) continue
    return Date.UTC(fullYear(year), monthIndex, Number(day), Number(h), Number(m), Number(s)) / 1000
  }
  return undefined
}

/** Two digits that would lie more than 50 years ahead mean the past (RFC 9110 §5.6.7). */
function fullYear(year: string): number {
  if (year.length === 4) return Number(year)
  const ahead = 2000 + Number(year)
  return ahead > new Date().getUTCFullYear() + 50 ? ahead - 100 : ahead
}
