// The long work on a repository, by name: what runs on the chores thread in a daemon, and on its own thread in a command.

import type { Wait } from '../block/source.ts'
import type { Logger } from '../observe/log.ts'
import type { Store } from '../store/store.ts'
import type { CHORES } from './chore-work.ts'

export interface ChoreWait extends Wait {
  readonly log: Logger
}

/** Options and events are plain data: they travel between threads. */
export type Chore<Options, Event> = (store: Store, options: Options, wait: ChoreWait) => AsyncIterable<Event>

export interface GcChoreOptions {
  readonly graceMs: number
  readonly dryRun?: boolean
  readonly list?: boolean
  readonly pace?: number
}

type Chores = typeof CHORES

export type ChoreName = keyof Chores
export type ChoreOptions<Name extends ChoreName> = Parameters<Chores[Name]>[1]
export type ChoreEvent<Name extends ChoreName> =
  ReturnType<Chores[Name]> extends AsyncIterable<infer Event> ? Event : never

/** Runs chores: here, or on a thread of their own. */
export interface ChoreRunner extends AsyncDisposable {
  run<Name extends ChoreName>(name: Name, options: ChoreOptions<Name>, wait: Wait): AsyncIterable<ChoreEvent<Name>>
}

type AnyChore = Chore<unknown, unknown>

/** On this thread. */
export async function* startChore(
  name: ChoreName,
  store: Store,
  options: unknown,
  wait: ChoreWait,
): AsyncGenerator<unknown> {
  const { CHORES } = await import('./chore-work.ts')
  yield* (CHORES[name] as AnyChore)(store, options, wait)
}
