// Which representation is asked for: `?format=` first, else the best supported type in Accept (spec: gateway §2.2).

import { CairnError } from '../../src/errors.ts'

const MEDIA_TYPES = {
  raw: 'application/vnd.ipld.raw',
  car: 'application/vnd.ipld.car',
  tar: 'application/x-tar',
  json: 'application/json',
  cbor: 'application/cbor',
  'dag-json': 'application/vnd.ipld.dag-json',
  'dag-cbor': 'application/vnd.ipld.dag-cbor',
  'ipns-record': 'application/vnd.ipfs.ipns-record',
} as const

export type Format = keyof typeof MEDIA_TYPES
export const mediaTypeOf = (format: Format): string => MEDIA_TYPES[format]

const FORMATS = new Map<string, Format>(
  Object.entries(MEDIA_TYPES).map(([format, type]) => [type as string, format as Format]),
)

export interface Choice {
  /** The formats that would do, best first; empty means the default representation. */
  readonly formats: readonly Format[]
  /** Parameters that Accept gave with the first of them (`order`, `dups`, `version` of a CAR). */
  readonly parameters: ReadonlyMap<string, string>
  /** The URL alone does not say it: answers need Content-Location. */
  readonly byAccept: boolean
}

const NO_PARAMETERS: ReadonlyMap<string, string> = new Map()
const DEFAULT: Choice = { formats: [], parameters: NO_PARAMETERS, byAccept: false }

export function negotiate(format: string | null, accept: string | undefined): Choice {
  if (format === null || format === '') {
    // What nearly every client sends needs no parsing: no type of ours begins otherwise.
    if (accept === undefined || !/application\/(?:vnd\.ip|x-tar|json|cbor)/i.test(accept)) return DEFAULT
    return byAccept(accept)
  }
  if (!Object.hasOwn(MEDIA_TYPES, format)) {
    throw new CairnError('BAD_REQUEST', `unknown format "${format.slice(0, 40)}"`, {
      hint: `the formats are ${Object.keys(MEDIA_TYPES).join(', ')}`,
    })
  }
  const known = format as Format
  const named = parseAccept(accept ?? '').find(({ type }) => type === MEDIA_TYPES[known])
  return { formats: [known], parameters: named?.parameters ?? NO_PARAMETERS, byAccept: false }
}

function byAccept(accept: string): Choice {
  const ranges = parseAccept(accept).filter(({ q }) => q > 0)
  const best = ranges
    .map((range, position) => ({ ...range, position, format: FORMATS.get(range.type) }))
    .sort((a, b) => b.q - a.q || a.position - b.position)
  // Anything else a client likes better (text/html, a wildcard of higher weight) is the default representation.
  const wildcard = best.find(({ type }) => type === '*/*' || type === 'application/*')
  const formats = best.filter(({ format, q }) => format !== undefined && (wildcard === undefined || q >= wildcard.q))
  const html = best.find(({ type }) => type === 'text/html')
  const first = formats[0]
  if (first?.format === undefined || (html !== undefined && isBefore(html, first))) return DEFAULT
  return {
    formats: formats.map(({ format }) => format as Format),
    parameters: first.parameters,
    byAccept: true,
  }
}

const isBefore = (a: { q: number; position: number }, b: { q: number; position: number }): boolean =>
  a.q > b.q || (a.q === b.q && a.position < b.position)

interface MediaRange {
  readonly type: string
  readonly q: number
  readonly parameters: ReadonlyMap<string, string>
}

/** At most 32 ranges are looked at; what cannot be read is skipped. */
function parseAccept(accept: string): MediaRange[] {
  return accept
    .split(',', 32)
    .map(item => item.split(';').map(part => part.trim()))
    .filter(([type]) => type?.includes('/') === true)
    .map(([type = '', ...rest]) => {
      const parameters = new Map(rest.map(parseParameter))
      const q = Number(parameters.get('q') ?? '1')
      parameters.delete('q')
      return { type: type.toLowerCase(), q: Number.isFinite(q) ? q : 1, parameters }
    })
}

function parseParameter(text: string): [string, string] {
  const [name = '', value = ''] = text.split('=', 2)
  return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')]
}

/** Whether an answer for people should be a page. */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined || !accept.toLowerCase().includes('text/html')) return false
  return parseAccept(accept).some(({ type, q }) => type === 'text/html' && q > 0)
}

/** Whether an answer about a failure should be for programs. */
export function prefersJson(accept: string | undefined): boolean {
  if (accept === undefined || !accept.toLowerCase().includes('json')) return false
  return parseAccept(accept).some(({ type, q }) => PROBLEM_TYPES.has(type) && q > 0)
}

const PROBLEM_TYPES: ReadonlySet<string> = new Set(['application/json', 'application/problem+json'])
