// How a command says its result: JSON, the essential alone, or text for people; and names from the network made harmless.

import { escapeName } from '../src/dag/names.ts'
import type { CommandContext, FlagSpecs } from './command.ts'

type Where = Pick<CommandContext<FlagSpecs>, 'io' | 'globals'>

export interface Result {
  /** For `--json`: CIDs become their text, big integers numbers. */
  readonly json: object
  readonly text: string
  /** For `--quiet`; default: nothing. */
  readonly quiet?: string
}

/** Writes one result as the flags ask for it; each form ends with a newline unless it is empty. */
export function print({ io, globals }: Where, { json, text, quiet = '' }: Result): void {
  const shown = globals.json === true ? jsonLine(json) : globals.quiet === true ? quiet : text
  if (shown !== '') io.stdout.write(shown.endsWith('\n') ? shown : `${shown}\n`)
}

/** One line, `"v":1` first: the shape scripts can rely on. */
export function jsonLine(value: object): string {
  return `${JSON.stringify({ v: 1, ...value }, function (this: Record<string, unknown>, key, plain: unknown) {
    const raw = this[key]
    if (typeof raw === 'bigint') return Number(raw)
    return isCid(raw) ? String(raw) : plain
  })}\n`
}

/** A CID of any copy of multiformats: `toJSON` would make an IPLD link of it. */
const isCid = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'asCID' in value && value.asCID === value

/** `1 file`, `2 files`. */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`

/** A path of names from the network, safe on a terminal and unambiguous in a list. */
export const showNames = (names: readonly string[]): string => names.map(escapeName).join('/')

/** The object without its undefined values, as options with exact optional properties want it. */
export function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
