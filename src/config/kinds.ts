// The kinds of values a config key can have: how each is read from text and what makes a value wrong.

import { parseDuration, parseSize } from '../units.ts'

export type ConfigValue = string | number | boolean | readonly string[]
export type Kind = 'text' | 'size' | 'duration' | 'count' | 'flag' | 'choice' | 'list' | 'multiaddrs' | 'address'

/** One key of the configuration, as the generated table has it. */
export interface ConfigKey {
  readonly key: string
  readonly kind: Kind
  readonly default: ConfigValue
  readonly doc: string
  readonly values?: readonly string[]
  /** Never shown by `config show`, logs or support output. */
  readonly secret?: boolean
}

interface KindRules {
  /** How people are told to write it. */
  readonly write: string
  /** The value of a text from the environment or a flag; undefined if it is none. */
  fromText(text: string): ConfigValue | undefined
  /** Whether a JSON value is one of this kind. */
  fits(value: unknown, values: readonly string[]): boolean
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isList = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText)

/** `a,b` or `["a","b"]`. */
function readList(text: string): string[] | undefined {
  if (!text.trimStart().startsWith('['))
    return text
      .split(',')
      .map(item => item.trim())
      .filter(item => item !== '')
  try {
    const value: unknown = JSON.parse(text)
    return isList(value) ? value : undefined
  } catch {
    return undefined
  }
}

function parses(parse: (text: string) => number, value: unknown): boolean {
  if (!isText(value)) return false
  try {
    parse(value)
    return true
  } catch {
    return false
  }
}

/** `HOST:PORT`, with IPv6 in brackets; undefined if it is none. */
export function parseAddress(text: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/\s]+)):(\d{1,5})$/i.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port > 65535) return undefined
  if (match?.[1] !== undefined && !host.includes(':')) return undefined
  return { host, port }
}

export const KINDS: Record<Kind, KindRules> = {
  text: { write: 'a text', fromText: text => text, fits: isText },
  size: { write: 'a size such as 512KiB, 10GiB or bytes', fromText: text => text, fits: v => parses(parseSize, v) },
  duration: {
    write: 'a duration such as 500ms, 30s or 1h',
    fromText: text => text,
    fits: v => parses(parseDuration, v),
  },
  count: {
    write: 'a whole number',
    fromText: text => (/^\d{1,15}$/.test(text) ? Number(text) : undefined),
    fits: v => Number.isSafeInteger(v) && (v as number) >= 0,
  },
  flag: {
    write: 'true or false',
    fromText: text => ({ true: true, 1: true, false: false, 0: false })[text.toLowerCase()],
    fits: v => typeof v === 'boolean',
  },
  choice: { write: 'one of', fromText: text => text, fits: (v, values) => isText(v) && values.includes(v) },
  list: { write: 'a list of texts', fromText: readList, fits: isList },
  multiaddrs: {
    write: 'a list of multiaddrs such as /ip4/0.0.0.0/tcp/4001',
    fromText: readList,
    fits: v => isList(v) && v.every(item => item.startsWith('/')),
  },
  address: {
    write: 'HOST:PORT such as 127.0.0.1:8080 or [::1]:8080, unix:/PATH, or empty for none',
    fromText: text => text,
    fits: v => isText(v) && (v === '' || v.startsWith('unix:/') || parseAddress(v) !== undefined),
  },
}

/** What is wrong with a value, or undefined. */
export function complaint(
  { kind, values = [] }: Pick<ConfigKey, 'kind' | 'values'>,
  value: unknown,
): string | undefined {
  if (KINDS[kind].fits(value, values)) return undefined
  const wanted = kind === 'choice' ? `one of ${values.join(', ')}` : KINDS[kind].write
  return `${JSON.stringify(value)} is not ${wanted}`
}

/** `gateway.maxConnections` → `CAIRN_GATEWAY_MAX_CONNECTIONS`. */
export const envName = (key: string): string =>
  `CAIRN_${key
    .replaceAll('.', '_')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toUpperCase()}`
