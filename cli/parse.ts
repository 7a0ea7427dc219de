// From the words of the command line to a command, its arguments and its flags, as data.

import { parseArgs } from 'node:util'
import { didYouMean } from '../src/config/suggest.ts'
import { CairnError } from '../src/errors.ts'
import { parseDuration, parseSize } from '../src/units.ts'
import {
  type AnyCommand,
  type FlagSpec,
  type FlagSpecs,
  type FlagValues,
  GLOBAL_FLAGS,
  type GlobalFlags,
} from './command.ts'
import { COMMANDS, findEntry, GROUPS, inGroup, type TableEntry } from './commands/table.ts'

/** Which command is meant; `words` without its name. */
export type Found =
  | { readonly kind: 'command'; readonly entry: TableEntry; readonly words: readonly string[] }
  /** `cairn pin`, or nothing at all: only help can be given. */
  | { readonly kind: 'group'; readonly group: string; readonly words: readonly string[] }

export function findCommand(argv: readonly string[]): Found {
  const first = nextWord(argv, 0)
  const name = argv[first]
  if (name === undefined) return { kind: 'group', group: '', words: argv }
  if (!GROUPS.has(name)) {
    const entry = findEntry(name)
    if (entry === undefined) throw unknownCommand(name, '')
    return { kind: 'command', entry, words: argv.toSpliced(first, 1) }
  }
  const second = nextWord(argv, first + 1)
  const rest = argv[second]
  if (rest === undefined) return { kind: 'group', group: name, words: argv.toSpliced(first, 1) }
  const entry = findEntry(`${name} ${rest}`)
  if (entry === undefined) throw unknownCommand(rest, name)
  return { kind: 'command', entry, words: argv.toSpliced(second, 1).toSpliced(first, 1) }
}

/** The index of the next word that is no global flag and no value of one. */
function nextWord(argv: readonly string[], from: number): number {
  let index = from
  for (; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (!word.startsWith('-') || word === '-') return index
    if (word === '--') return argv.length
    const takesValue = Object.entries<FlagSpec>(GLOBAL_FLAGS).some(
      ([name, spec]) => spec.type !== 'boolean' && (word === `--${name}` || word === `-${spec.short}`),
    )
    if (takesValue) index++
  }
  return index
}

function unknownCommand(name: string, group: string): CairnError {
  const prefix = group === '' ? '' : `${group} `
  const known =
    group === ''
      ? COMMANDS.map(entry => entry.name.split(' ')[0] ?? '')
      : inGroup(group).map(entry => entry.name.slice(prefix.length))
  const suggestion = didYouMean(name, new Set(known), found => `\`cairn ${prefix}${found}\``)
  return new CairnError('USAGE', `there is no command \`cairn ${prefix}${name}\``, {
    hint: suggestion || `all commands: \`cairn help${group === '' ? '' : ` ${group}`}\``,
  })
}

export interface Parsed {
  readonly args: readonly string[]
  readonly flags: FlagValues<FlagSpecs>
  readonly globals: FlagValues<GlobalFlags>
}

/** Reads flags and arguments of a command; USAGE for what it does not take. */
export function parseWords(words: readonly string[], name: string, spec: Pick<AnyCommand, 'args' | 'flags'>): Parsed {
  const { args, flags } = parseFlags(words, { ...GLOBAL_FLAGS, ...spec.flags }, name)
  const pick = (specs: FlagSpecs): FlagValues<FlagSpecs> =>
    Object.fromEntries(Object.entries(flags).filter(([flag]) => flag in specs)) as FlagValues<FlagSpecs>
  const globals = pick(GLOBAL_FLAGS) as FlagValues<GlobalFlags>
  if (globals.help !== true) checkArgs(args, name, spec)
  return { args, flags: pick(spec.flags), globals }
}

function checkArgs(args: readonly string[], name: string, spec: Pick<AnyCommand, 'args'>): void {
  const hint = `see \`cairn ${name} --help\``
  const missing = spec.args.find((arg, index) => arg.optional !== true && args[index] === undefined)
  if (missing !== undefined) throw new CairnError('USAGE', `\`cairn ${name}\` needs ${missing.name}`, { hint })
  const takesMany = spec.args.some(arg => arg.many === true)
  const extra = args[spec.args.length]
  if (!takesMany && extra !== undefined)
    throw new CairnError('USAGE', `\`cairn ${name}\` does not take "${extra}"`, { hint })
}

function parseFlags(words: readonly string[], specs: FlagSpecs, command: string) {
  const entries = Object.entries(specs)
  const longOf = new Map(entries.filter(([, spec]) => spec.short).map(([name, spec]) => [spec.short ?? '', name]))
  const { tokens } = parseArgs({
    args: words.map((word, index) =>
      words.indexOf('--') < index && words.includes('--') ? word : expandShort(word, longOf),
    ),
    strict: false,
    tokens: true,
    allowNegative: true,
    options: Object.fromEntries(
      entries.map(([name, { type, short, multiple }]) => [
        name,
        { type: type === 'boolean' ? 'boolean' : 'string', ...(short && { short }), ...(multiple && { multiple }) },
      ]),
    ),
  })
  const args: string[] = []
  const flags: Record<string, unknown> = {}
  for (const token of tokens) {
    if (token.kind === 'positional') args.push(token.value)
    if (token.kind !== 'option') continue
    const spec = specs[token.name]
    const isNegated = token.rawName === `--no-${token.name}`
    if (spec === undefined || (isNegated && spec.type !== 'boolean')) throw unknownFlag(token.rawName, specs, command)
    const value = flagValue(token, spec, { isNegated, command })
    if (spec.multiple === true) flags[token.name] = [...((flags[token.name] as unknown[] | undefined) ?? []), value]
    else flags[token.name] = value
  }
  return { args, flags }
}

/** `-r=false` → `--recursive=false`, as ipfs takes it; parseArgs would read a group of short flags. */
function expandShort(word: string, longOf: ReadonlyMap<string, string>): string {
  const [, short = '', value] = /^-([A-Za-z])=(.*)$/s.exec(word) ?? []
  const long = longOf.get(short)
  return long === undefined ? word : `--${long}=${value}`
}

function flagValue(
  token: { rawName: string; value?: string | undefined; inlineValue?: boolean | undefined },
  spec: FlagSpec,
  { isNegated, command }: { isNegated: boolean; command: string },
): unknown {
  const { rawName, value } = token
  const fail = (what: string, hint = '', cause?: unknown): never => {
    throw new CairnError('USAGE', `${rawName}: ${what}`, { hint: hint || `see \`cairn ${command} --help\``, cause })
  }
  if (spec.type === 'boolean') {
    if (value === undefined) return !isNegated
    const truth = ({ true: true, 1: true, t: true, false: false, 0: false, f: false } as Record<string, boolean>)[
      value.toLowerCase()
    ]
    return truth === undefined ? fail(`"${value}" is neither true nor false`) : truth !== isNegated
  }
  if (value === undefined) return fail(`needs a value${spec.value ? `: ${rawName} ${spec.value}` : ''}`)
  // `--chunker --pin` has forgotten the value; a negative number and the `-` of stdin are values.
  if (
    token.inlineValue === false &&
    value.startsWith('-') &&
    value !== '-' &&
    !(spec.type === 'number' && /^-\d/.test(value))
  )
    return fail(`needs a value and got the flag ${value}`, `if it is meant: ${rawName}=${value}`)
  if (spec.values !== undefined && !spec.values.includes(value))
    return fail(`"${value}" is not one of ${spec.values.join(', ')}`, didYouMean(value, spec.values))
  if (spec.type === 'string') return value
  if (spec.type === 'number') return readNumber(value) ?? fail(`"${value}" is not a whole number`)
  try {
    return spec.type === 'size' ? parseSize(value) : parseDuration(value)
  } catch (cause) {
    return fail((cause as Error).message, (cause as CairnError).hint, cause)
  }
}

/** Decimal, 0x, 0o, 0b, and a leading 0 for octal, as in `--mode 0644`. */
function readNumber(text: string): number | undefined {
  if (!/^-?(?:0x[0-9a-f]+|0b[01]+|0o?[0-7]+|[1-9]\d*|0)$/i.test(text)) return undefined
  const digits = text.replace(/^-/, '').replace(/^0(?=[0-7])/, '0o')
  const value = Number(digits) * (text.startsWith('-') ? -1 : 1)
  return Number.isSafeInteger(value) ? value : undefined
}

function unknownFlag(rawName: string, specs: FlagSpecs, command: string): CairnError {
  const negated = /^--no-(.+)/.exec(rawName)?.[1] ?? ''
  if (specs[negated]?.type === 'boolean')
    return new CairnError('USAGE', `${rawName} takes no value`, { hint: `write ${rawName}, or --${negated}=false` })
  const known = Object.entries(specs)
    .filter(([, spec]) => spec.hidden !== true)
    .map(([name]) => `--${name}`)
  return new CairnError('USAGE', `\`cairn ${command}\` has no flag ${rawName}`, {
    hint: didYouMean(rawName, known) || `see \`cairn ${command} --help\``,
  })
}
