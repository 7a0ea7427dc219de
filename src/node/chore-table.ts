// The long work on a repository, by name: what runs on the chores thread in a daemon, and on its own thread in a command.

import type { CheckEvent, CheckRequest, GcEvent } from '../api/repo.ts'
import type { Wait } from '../block/source.ts'
import type { Logger } from '../observe/log.ts'
import type { RoomEvent, RoomOptions } from '../pins/room.ts'
import type { ScrubFound, ScrubOptions } from '../store/scrub/scrub.ts'
import type { Store } from '../store/store.ts'

export interface ChoreWait extends Wait {
  readonly log: Logger
}

/** Options and events are plain data: they travel between threads. */
type Chore<Options, Event> = (store: Store, options: Options, wait: ChoreWait) => AsyncIterable<Event>

/** CIDs are no plain data. */
export type GcChoreEvent =
  | Exclude<GcEvent, { type: 'removed' }>
  | { readonly type: 'removed'; readonly multihash: Uint8Array; readonly sizeBytes: number }

export interface GcChoreOptions {
  readonly graceMs: number
  readonly dryRun?: boolean
  readonly list?: boolean
}

const gc: Chore<GcChoreOptions, GcChoreEvent> = async function* (store, options, wait) {
  const { collectGarbage } = await import('../pins/gc.ts')
  for await (const event of collectGarbage(store, { ...options, ...wait })) {
    if (event.type !== 'removed') yield event
    else yield { type: 'removed', multihash: event.cid.multihash.bytes, sizeBytes: event.sizeBytes }
  }
  if (options.dryRun !== true) await keepDaily(store, wait)
}

/** Due or not, it is cheap to ask: commands that take their time keep the daily backup for those who never run a daemon. */
async function keepDaily(store: Store, wait: ChoreWait): Promise<string | undefined> {
  const { keepDailyBackup } = await import('../store/backup/daily.ts')
  return keepDailyBackup({ store, signal: wait.signal, log: wait.log.part('backup') })
}

const daily: Chore<object, { readonly type: 'made'; readonly file: string }> = async function* (store, _options, wait) {
  const file = await keepDaily(store, wait)
  if (file !== undefined) yield { type: 'made', file }
}

/** What mends needs others: it runs where the network is. */
type CheckChoreOptions = Pick<CheckRequest, 'readData'>

const check: Chore<CheckChoreOptions, CheckEvent> = async function* (store, options, wait) {
  const { checkRepo } = await import('../store/check/check.ts')
  yield* checkRepo({ path: store.path, store, ...options, signal: wait.signal })
  await keepDaily(store, wait)
}

const room: Chore<RoomOptions, RoomEvent> = async function* (store, options, wait) {
  const { makeRoom } = await import('../pins/room.ts')
  yield* makeRoom(store, options, wait)
}

const scrub: Chore<Omit<ScrubOptions, 'signal' | 'log'>, ScrubFound> = async function* (store, options, wait) {
  const { scrubStore } = await import('../store/scrub/scrub.ts')
  yield* scrubStore(store, { ...options, ...wait })
}

/** One line for each; what a chore needs is loaded when it is first asked for. */
export const CHORES = { gc, check, scrub, room, daily } as const

export type ChoreName = keyof typeof CHORES
export type ChoreOptions<Name extends ChoreName> = Parameters<(typeof CHORES)[Name]>[1]
export type ChoreEvent<Name extends ChoreName> =
  ReturnType<(typeof CHORES)[Name]> extends AsyncIterable<infer Event> ? Event : never

/** Runs chores: here, or on a thread of their own. */
export interface ChoreRunner extends AsyncDisposable {
  run<Name extends ChoreName>(name: Name, options: ChoreOptions<Name>, wait: Wait): AsyncIterable<ChoreEvent<Name>>
}

type AnyChore = Chore<unknown, unknown>

/** On this thread. */
export const startChore = (name: ChoreName, store: Store, options: unknown, wait: ChoreWait): AsyncIterable<unknown> =>
  (CHORES[name] as AnyChore)(store, options, wait)
