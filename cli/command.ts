// What a command is: data that drives parsing, help, completion and the reference page, and one function that does it.

import type { Environment } from '../src/config/paths.ts'
import type { Io } from './io.ts'
import type { Session } from './session.ts'

export interface FlagSpec {
  /** `number` takes decimal, hex and octal as ipfs does; `size` and `duration` take units. */
  readonly type: 'boolean' | 'string' | 'number' | 'size' | 'duration'
  readonly doc: string
  readonly short?: string
  /** What help calls the value: `PATH`. */
  readonly value?: string
  readonly values?: readonly string[]
  /** May be given several times. */
  readonly multiple?: boolean
  /** Shown by help; the command itself applies it. */
  readonly default?: string
  /** Sets this config key for the run. */
  readonly config?: string
  /** Taken so that lines written for ipfs work, and not shown. */
  readonly hidden?: boolean
}

export type FlagSpecs = Readonly<Record<string, FlagSpec>>

export interface ArgSpec {
  /** As help shows it: `PATH`. */
  readonly name: string
  readonly doc: string
  readonly optional?: boolean
  readonly many?: boolean
}

type Single<S extends FlagSpec> = S['type'] extends 'boolean' ? boolean : S['type'] extends 'string' ? string : number
type Value<S extends FlagSpec> = S extends { readonly multiple: true } ? readonly Single<S>[] : Single<S>
export type FlagValues<F extends FlagSpecs> = { readonly [K in keyof F]?: Value<F[K]> }

export interface CommandContext<F extends FlagSpecs = FlagSpecs> {
  readonly args: readonly string[]
  readonly flags: FlagValues<F>
  readonly globals: FlagValues<GlobalFlags>
  readonly io: Io
  readonly env: Environment
  /** Aborts on Ctrl-C and when --timeout is over. */
  readonly signal: AbortSignal
  /** The repository, its config, a node: made when first asked for. */
  readonly session: Session
}

export interface Command<F extends FlagSpecs = FlagSpecs> {
  readonly args: readonly ArgSpec[]
  readonly flags: F
  /** Lines of a shell, shown by help as they are. */
  readonly examples: readonly string[]
  /** Paragraphs below the usage. */
  readonly details?: readonly string[]
  /** Runs until stopped: a signal is its normal end, --timeout means nothing. */
  readonly service?: boolean
  run(context: CommandContext<F>): Promise<void>
}

/** Gives the flags' types to `run`. */
export const command = <const F extends FlagSpecs>(spec: Command<F>): Command<F> => spec

/** A command with any flags, as the table holds it. */
export type AnyCommand = Omit<Command, 'run'> & { run(context: CommandContext<never>): Promise<void> }

export type GlobalFlags = typeof GLOBAL_FLAGS

/** Taken by every command, before or after its name. */
export const GLOBAL_FLAGS = {
  repo: { type: 'string', value: 'FOLDER', doc: 'The repository (default $CAIRN_REPO, else the user data folder)' },
  json: { type: 'boolean', doc: 'Print JSON: one document, or one a line' },
  quiet: { type: 'boolean', short: 'q', doc: 'Print only what matters most, such as the CID' },
  timeout: { type: 'duration', value: 'TIME', doc: 'Give up after that long, such as 30s' },
  offline: { type: 'boolean', doc: 'Use only what is on this machine' },
  config: { type: 'string', value: 'KEY=VALUE', multiple: true, doc: 'Set a config key for this run' },
  'log-level': {
    type: 'string',
    value: 'LEVEL',
    values: ['error', 'warn', 'info', 'debug', 'trace'],
    config: 'log.level',
    doc: 'What is logged on stderr',
  },
  progress: { type: 'boolean', short: 'p', doc: 'Show progress (default: on a terminal)' },
  help: { type: 'boolean', short: 'h', doc: 'Explain the command' },
} as const satisfies FlagSpecs
