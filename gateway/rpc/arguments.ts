// Arguments and options of a call from its query (spec: kubo-rpc §1.3). What it throws is answered with 400 and the plain text.

import { CairnError } from '../../src/errors.ts'
import type { Command, Encoding, Option, OptionKind, Options, Values } from './command.ts'
import { bool, text } from './command.ts'
import { parseBool, parseGoDuration, parseInteger } from './go-values.ts'
import type { Query } from './query.ts'

/** Options that every command takes; others that Kubo knows have no effect on us and are ignored like unknown keys. */
const GLOBAL_OPTIONS = {
  encoding: text('json', 'enc'),
  timeout: text(''),
  offline: bool(false, 'local', 'L'),
  'cid-base': text(''),
  'upgrade-cidv0-in-output': bool(undefined),
} satisfies Options

export interface GlobalOptions {
  readonly encoding: Encoding
  readonly timeoutMs: number | undefined
  readonly offline: boolean
  readonly cidBase: string
  readonly upgradeV0: boolean | undefined
}

export interface Parsed {
  readonly args: readonly string[]
  readonly options: Values<Options>
  readonly globals: GlobalOptions
}

/** `pathArg`: an argument given as the last segment of the path; it comes first. */
export function parseArguments(command: Command, query: Query, pathArg: string | undefined): Parsed {
  const globals = parseGlobals(query)
  const options = parseOptions(command.options, query)
  const given = [...(pathArg === undefined ? [] : [pathArg]), ...(query.get('arg') ?? [])]
  return { args: assignArguments(command, given), options, globals }
}

function parseGlobals(query: Query): GlobalOptions {
  const values = parseOptions(GLOBAL_OPTIONS, query)
  if (!['json', 'text', 'xml'].includes(values.encoding)) refuse(`invalid encoding: ${values.encoding}`)
  const timeoutMs = values.timeout === '' ? undefined : parseGoDuration(values.timeout)
  // Kubo answers 200 with nothing at all here; a client would take that for success.
  if (values.timeout !== '' && timeoutMs === undefined) refuse(`time: invalid duration ${quote(values.timeout)}`)
  return {
    encoding: values.encoding as Encoding,
    timeoutMs,
    offline: values.offline,
    cidBase: values['cid-base'],
    upgradeV0: values['upgrade-cidv0-in-output'],
  }
}

/** Arguments beyond those declared are ignored, as Kubo does. */
function assignArguments({ args }: Command, given: readonly string[]): readonly string[] {
  const missing = args.find((argument, index) => argument.optional !== true && given[index] === undefined)
  if (missing !== undefined) refuse(`argument "${missing.name}" is required`)
  return args.at(-1)?.many === true ? given : given.slice(0, args.length)
}

function parseOptions<O extends Options>(options: O, query: Query): Values<O> {
  const values: Record<string, unknown> = {}
  for (const [name, option] of Object.entries(options)) values[name] = parseOption(name, option, query)
  return values as Values<O>
}

function parseOption(name: string, { kind, fallback, aliases }: Option<unknown>, query: Query): unknown {
  let parsed = fallback
  for (const key of [...aliases, name]) {
    const given = query.get(key)
    if (given === undefined) continue
    if (given.length > 1) refuse(`expected key ${key} to have only a single value, received [${given.join(' ')}]`)
    const word = given[0] ?? ''
    parsed = PARSERS[kind](word)
    if (parsed === undefined) refuse(`could not convert value ${quote(word)} to type "${kind}" (for option "-${key}")`)
  }
  return parsed
}

const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n }
const UINT64 = { min: 0n, max: 2n ** 64n - 1n }

const PARSERS: Record<OptionKind, (word: string) => unknown> = {
  bool: parseBool,
  int: word => parseInteger(word, INT64),
  int64: word => parseInteger(word, INT64),
  uint: word => parseInteger(word, UINT64),
  string: word => word,
}

/** As Go's %q. */
const quote = (word: string): string => JSON.stringify(word)

function refuse(message: string): never {
  throw new CairnError('USAGE', message)
}
