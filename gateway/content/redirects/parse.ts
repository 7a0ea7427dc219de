// A `_redirects` file as rules: one line each, `from to [status]`; the first mistake refuses the whole file (spec: gateway §2.19).

import { escapeName } from '../../../src/dag/names.ts'
import { CairnError } from '../../../src/errors.ts'
import { LIMITS } from '../../../src/limits.ts'

export interface Rule {
  /** Of the file, from 1. */
  readonly line: number
  /** What the path must be, segment by segment. */
  readonly from: readonly Pattern[]
  /** Any path that goes on matches; what follows is `:splat`. */
  readonly hasSplat: boolean
  readonly to: Destination
  readonly status: number
}

export type Pattern =
  | { readonly kind: 'text'; readonly text: string }
  /** Any one segment. */
  | { readonly kind: 'name'; readonly name: string }
  /** The beginning of the segment that the splat goes on from. */
  | { readonly kind: 'prefix'; readonly text: string }

export interface Destination {
  /** `https://host:port`, or empty for a path on the same host. Placeholders have no place in it. */
  readonly origin: string
  readonly path: string
  /** Without `?` and `#`. */
  readonly query: string
  readonly fragment: string
}

/** 200 serves another path in place; the last three are pages with that status. */
const STATUSES: ReadonlySet<string> = new Set(['200', '301', '302', '303', '307', '308', '404', '410', '451'])

/** BAD_REDIRECTS names the line and what is wrong with it. */
export function parseRedirects(bytes: Uint8Array): readonly Rule[] {
  if (bytes.byteLength > LIMITS.redirectsBytes.value) throw tooLarge()
  const rules: Rule[] = []
  for (const [index, line] of textOf(bytes).split('\n').entries()) {
    const text = line.replace(/^[ \t]+|[ \t\r]+$/g, '')
    if (text === '' || text.startsWith('#')) continue
    if (rules.length >= LIMITS.redirectRules.value) {
      throw refused(`line ${index + 1}: there are more than ${LIMITS.redirectRules.value} rules`)
    }
    rules.push(parseRule(text, index + 1))
  }
  return rules
}

export const tooLarge = () => refused(`redirects file size cannot exceed ${LIMITS.redirectsBytes.value} bytes`)

const refused = (what: string, cause?: unknown) =>
  new CairnError('BAD_REDIRECTS', `could not parse _redirects: ${what}`, { cause })

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw refused('it is not UTF-8', cause)
  }
}

function parseRule(text: string, line: number): Rule {
  const wrong = (what: string) => refused(`line ${line}: ${what}`)
  if (hasControls(text)) throw wrong('it holds control characters')
  const [from = '', to, status = '301', ...more] = text.split(/[ \t]+/)
  if (to === undefined) throw wrong("missing 'to' path")
  if (more.length > 0) throw wrong('must match format "from to [status]"')
  if (!STATUSES.has(status)) throw wrong(`parsing status "${shown(status)}": unsupported redirect status`)
  const rule = { line, ...parseFrom(from, wrong), to: parseTo(to, wrong), status: Number(status) }
  const isElsewhere = rule.to.origin !== '' || rule.to.path === ''
  if (isElsewhere && !status.startsWith('3')) throw wrong(`parsing 'to': with status ${status} it must be a path`)
  return rule
}

type Wrong = (what: string) => CairnError

function parseFrom(from: string, wrong: Wrong): Pick<Rule, 'from' | 'hasSplat'> {
  if (!from.startsWith('/')) throw wrong(`parsing 'from': path must begin with "/": ${shown(from)}`)
  if (/[?#]/.test(from)) throw wrong(`parsing 'from': only paths are matched: ${shown(from)}`)
  const star = from.indexOf('*')
  if (star !== -1 && star !== from.length - 1) throw wrong(`parsing 'from': path must end with "*": ${shown(from)}`)
  const hasSplat = star !== -1
  const parts = (hasSplat ? from.slice(0, -1) : from).split('/')
  const prefix = hasSplat ? (parts.pop() ?? '') : ''
  const patterns = parts.filter(part => part !== '').map(parsePattern)
  const names = patterns.flatMap(pattern => (pattern.kind === 'name' ? [pattern.name] : []))
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw wrong(`parsing 'from': placeholder ":${twice}" is there twice`)
  if (prefix !== '') patterns.push({ kind: 'prefix', text: decoded(prefix) })
  return { from: patterns, hasSplat }
}

function parsePattern(part: string): Pattern {
  const [, name] = /^:([A-Za-z_]\w*)$/.exec(part) ?? []
  return name === undefined ? { kind: 'text', text: decoded(part) } : { kind: 'name', name }
}

/** Only an http or https URL in full leads to another host: nothing that a browser would make one of. */
function parseTo(to: string, wrong: Wrong): Destination {
  const [, origin = '', rest = ''] = /^(https?:\/\/[^/?#]*)?(.*)$/is.exec(to) ?? []
  const isHost = origin === '' || /^https?:\/\/(?:[\w-]+\.)*[\w-]+(?::\d{1,5})?$/i.test(origin)
  const isPath = origin === '' ? /^\/(?![/\\])/.test(rest) : /^(?:[/?#]|$)/.test(rest)
  if (!isHost || !isPath || rest.includes('\\')) {
    throw wrong(`parsing 'to': neither a path nor an http(s) URL: ${shown(to)}`)
  }
  const [, path = '', query = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(rest) ?? []
  return { origin, path, query, fragment }
}

/** People write names of entries either way. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const shown = (text: string): string => escapeName(text.slice(0, 80))

function hasControls(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if ((code < 0x20 && code !== 9) || code === 0x7f) return true
  }
  return false
}
