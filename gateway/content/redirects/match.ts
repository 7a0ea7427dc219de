// Which rule of a `_redirects` file a path meets, and where it leads: segment by segment, without regular expressions of others (spec: gateway §2.19).

import { CairnError } from '../../../src/errors.ts'
import { LIMITS } from '../../../src/limits.ts'
import { encodeSegment, encodeValue } from '../names.ts'
import type { Destination, Rule } from './parse.ts'

export interface Match {
  readonly line: number
  readonly status: number
  readonly to: Destination
  /** Placeholders by their names: decoded segments, of which only the splat may have several. */
  readonly values: ReadonlyMap<string, readonly string[]>
}

/** The first rule that fits; `segments` are decoded, without empty ones. */
export function matchRules(rules: readonly Rule[], segments: readonly string[]): Match | undefined {
  for (const rule of rules) {
    const values = matchRule(rule, segments)
    if (values !== undefined) return { line: rule.line, status: rule.status, to: rule.to, values }
  }
  return undefined
}

function matchRule({ from, hasSplat }: Rule, segments: readonly string[]): Match['values'] | undefined {
  const isLong = hasSplat && from.at(-1)?.kind !== 'prefix' && from.length > 0
  if (hasSplat ? segments.length < from.length + (isLong ? 1 : 0) : segments.length !== from.length) return undefined
  const values = new Map<string, readonly string[]>()
  let rest = segments.slice(from.length)
  for (const [index, pattern] of from.entries()) {
    const segment = segments[index] as string
    if (pattern.kind === 'name') values.set(pattern.name, [segment])
    else if (pattern.kind === 'text' ? segment !== pattern.text : !segment.startsWith(pattern.text)) return undefined
    if (pattern.kind === 'prefix') rest = [segment.slice(pattern.text.length), ...rest]
  }
  if (hasSplat) values.set('splat', rest)
  return values
}

/** A Location: same origin, or the URL that the rule names in full. The request's query replaces parameters of the rule's. */
export function locationOf({ to, values }: Match, query: string): string {
  const path = expand(to.path, values, parts => parts.map(encodeSegment).join('/'))
  const own = expand(to.query, values, parts => encodeValue(parts.join('/')))
  const merged = mergeQueries(own, query)
  const fragment = expand(to.fragment, values, parts => encodeValue(parts.join('/')))
  const location = `${to.origin}${path}${merged === '' ? '' : `?${merged}`}${fragment === '' ? '' : `#${fragment}`}`
  // A splat that is empty must not leave two slashes at the start, which would be a host.
  const clean = to.origin === '' ? location.replace(/^[/\\]+/, '/') : location
  return enforceLength(clean)
}

/** The path that a rewrite serves: decoded segments below the root. */
export function pathOf({ to, values }: Match): string {
  return enforceLength(expand(to.path, values, parts => parts.map(encodeSegment).join('/')))
}

const PLACEHOLDER = /:([A-Za-z_]\w*)/g
/** What has no place in a URI as it stands; escapes that are there stay. */
const NOT_URI = /[^\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]+/g

/** Names that the rule's source does not have are text, such as the port of a URL. */
function expand(text: string, values: Match['values'], write: (parts: readonly string[]) => string): string {
  let length = 0
  return text
    .replace(NOT_URI, other => encodeURIComponent(other))
    .replace(PLACEHOLDER, (whole, name: string) => {
      const value = values.get(name)
      if (value === undefined) return whole
      const written = write(value)
      length += written.length
      enforceLength(written, length)
      return written
    })
}

function enforceLength(text: string, length = text.length): string {
  if (length <= LIMITS.redirectTargetBytes.value) return text
  throw new CairnError(
    'BAD_REDIRECTS',
    `_redirects leads to an address of more than ${LIMITS.redirectTargetBytes.value} bytes`,
  )
}

function mergeQueries(own: string, asked: string): string {
  if (asked === '') return own
  if (own === '') return onlyUri(asked)
  const pairs = [...own.split('&'), ...onlyUri(asked).split('&')].filter(pair => pair !== '')
  const askedNames = new Set(onlyUri(asked).split('&').map(nameOf))
  const kept = pairs.filter((pair, index) => index >= own.split('&').length || !askedNames.has(nameOf(pair)))
  return kept.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0)).join('&')
}

const nameOf = (pair: string): string => pair.split('=', 1)[0] ?? ''
const onlyUri = (query: string): string => query.replace(NOT_URI, other => encodeURIComponent(other))
