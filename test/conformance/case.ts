// What a case of the replica is: requests, and what must hold of their answers; all of it data.

/** One request, as it goes over the wire. */
export interface Ask {
  readonly method?: string
  /** Percent-encoded as it is sent. */
  readonly target: string
  /** Host header; default: the address that is connected to. */
  readonly host?: string
  /** `{name}` in a value stands for what an earlier case remembered. */
  readonly headers?: Readonly<Record<string, string>>
  /** `proxy`: the target in absolute form. `tunnel`: that, inside a CONNECT to the gateway itself. */
  readonly via?: 'proxy' | 'tunnel'
}

/** Equal, matching, absent or empty (null), present (true), or containing each part. */
export type HeaderCheck =
  | string
  | RegExp
  | null
  | true
  | { readonly has: readonly string[] }
  | { readonly lacks: string }

export interface BodyCheck {
  /** All of it; as Latin-1 hex where it is no text. */
  readonly text?: string
  readonly hex?: string
  readonly has?: readonly string[]
  readonly lacks?: readonly string[]
  /** The bytes hash to this CID. */
  readonly block?: string
  /** Equal as JSON. */
  readonly json?: unknown
  readonly car?: CarCheck
  /** Names with their contents; null: whatever it holds. */
  readonly tar?: Readonly<Record<string, string | null>>
  /** No reader would take it for a whole TAR. */
  readonly isBrokenTar?: true
  /** A valid IPNS record of that key, with that value. */
  readonly record?: { readonly key: string; readonly value: string }
}

export interface CarCheck {
  readonly blocks?: readonly string[]
  /** `order`: these and no others, in this order. `set`: in any order. `some`: among others. */
  readonly as: 'order' | 'set' | 'some'
  /** In place of `blocks`: how many, and the SHA-256 of their CIDs joined by line feeds. */
  readonly digest?: { readonly count: number; readonly sha256: string }
}

export interface Expected {
  /** A number, or the lowest and the highest. */
  readonly status?: number | readonly [number, number]
  readonly headers?: Readonly<Record<string, HeaderCheck>>
  readonly body?: BodyCheck
  /** At least one of these holds, besides. */
  readonly anyOf?: readonly Expected[]
  /** The answer's Etag, for later cases; `bare`: without its quotes. */
  readonly remember?: { readonly name: string; readonly bare: boolean }
  /** The connection may end before the answer does. */
  readonly orCut?: true
}

export interface Case {
  readonly group: string
  readonly name: string
  readonly asks: readonly [Ask, ...Ask[]]
  /** Of the last answer. */
  readonly expected: Expected
  /** The bodies of all answers are the same, and none is an error. */
  readonly isSame?: true
}

/** Name, request, expectation. */
export type Row = readonly [name: string, ask: Ask, expected: Expected]

export const groupOf = (group: string, rows: readonly Row[]): Case[] =>
  rows.map(([name, ask, expected]) => ({ group, name, asks: [ask], expected }))

export const get = (target: string, headers: Record<string, string> = {}): Ask => ({ target, headers })
export const head = (target: string, headers: Record<string, string> = {}): Ask => ({
  ...get(target, headers),
  method: 'HEAD',
})
export const at = (host: string, target: string, headers: Record<string, string> = {}): Ask => ({
  ...get(target, headers),
  host,
})
export const ok = (body: BodyCheck, headers: Expected['headers'] = {}): Expected => ({ status: 200, headers, body })
export const moved = (location: HeaderCheck, status = 301): Expected => ({ status, headers: { location } })

export const IMMUTABLE = 'public, max-age=29030400, immutable'
const WEEKLY = 'public, max-age=604800, stale-while-revalidate=2678400'

/** Pages made here change with the program, so they have a week at most, or say nothing. */
export const weekly = (expected: Expected): Expected => ({ ...expected, anyOf: cached(WEEKLY) })
/** Names change: a shape, and never for ever. */
export const byName = (expected: Expected): Expected => ({
  ...expected,
  anyOf: cached(/^public, max-age=\d+(?!.*immutable)/),
})
const cached = (value: HeaderCheck): Expected[] => [
  { headers: { 'cache-control': null } },
  { headers: { 'cache-control': value } },
]

export interface RangeShape {
  readonly ranges: readonly [
    readonly [from: number, to: number, text: string],
    readonly [from: number, to: number, text: string],
  ]
  readonly size: number
  readonly type: string
  /** The whole, where all of it may come instead. */
  readonly block: string
}

/** One range, or all of it. */
export const oneRange = ({ ranges: [[from, to, text]], size, block }: RangeShape): readonly Expected[] => [
  { status: 206, headers: { 'content-range': `bytes ${from}-${to}/${size}` }, body: { text } },
  { status: 200, body: { block } },
]

/** All of it, the first range alone, or both as multipart. */
export const twoRanges = ({ ranges: [first, second], size, type, block }: RangeShape): readonly Expected[] => [
  { status: 200, headers: { 'content-type': type }, body: { block } },
  {
    status: 206,
    headers: { 'content-type': type, 'content-range': `bytes ${first[0]}-${first[1]}/${size}` },
    body: { text: first[2] },
  },
  {
    status: 206,
    headers: { 'content-type': { has: ['multipart/byteranges'] } },
    body: {
      has: [
        `Content-Type: ${type}`,
        ...[first, second].flatMap(([from, to, text]) => [`Content-Range: bytes ${from}-${to}/${size}`, text]),
      ],
    },
  },
]
