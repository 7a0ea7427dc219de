// The chores themselves: one module, loaded when the first of them is asked for, so that a small command pays for none.

import type { CheckEvent, CheckRequest, GcEvent } from '../api/repo.ts'
import { collectGarbage } from '../pins/gc.ts'
import { purgeBlocks } from '../pins/purge.ts'
import { removeUnkept } from '../pins/remove-block.ts'
import { makeRoom, type RoomEvent, type RoomOptions } from '../pins/room.ts'
import { keepDailyBackup } from '../store/backup/daily.ts'
import { checkRepo } from '../store/check/check.ts'
import { clearLeftovers } from '../store/collect/leftovers.ts'
import { type ScrubFound, type ScrubOptions, scrubStore } from '../store/scrub/scrub.ts'
import type { Store } from '../store/store.ts'
import type { Chore, ChoreWait, GcChoreOptions } from './chore-table.ts'
import { repairRepo } from './repairing.ts'

const gc: Chore<GcChoreOptions, GcEvent> = async function* (store, options, wait) {
  yield* collectGarbage(store, { ...options, ...wait })
  if (options.dryRun !== true) await keepDaily(store, wait)
}

/** Due or not, it is cheap to ask: commands that take their time keep the daily backup for those who never run a daemon. */
async function keepDaily(store: Store, wait: ChoreWait): Promise<string | undefined> {
  return keepDailyBackup({ store, signal: wait.signal, log: wait.log.part('backup') })
}

const daily: Chore<object, { readonly type: 'made'; readonly file: string }> = async function* (store, _options, wait) {
  const file = await keepDaily(store, wait)
  if (file !== undefined) yield { type: 'made', file }
}

/** What mends needs others: it runs where the network is. */
type CheckChoreOptions = Pick<CheckRequest, 'readData'>

const check: Chore<CheckChoreOptions, CheckEvent> = async function* (store, options, wait) {
  yield* checkRepo({ path: store.path, store, ...options, signal: wait.signal })
  await keepDaily(store, wait)
}

const room: Chore<RoomOptions, RoomEvent> = async function* (store, options, wait) {
  yield* makeRoom(store, options, wait)
}

const scrub: Chore<Omit<ScrubOptions, 'signal' | 'log'>, ScrubFound> = async function* (store, options, wait) {
  yield* scrubStore(store, { ...options, ...wait })
}

const leftovers: Chore<object, { readonly removed: number }> = async function* (store) {
  yield { removed: store.database.readOnly ? 0 : clearLeftovers(store.path) }
}

/** As rare as a chore, and of the same parts: a module of its own would split what both share. */
export const RARE = { removeUnkept, purgeBlocks, repairRepo } as const

/** One line for each. */
export const CHORES = { gc, check, scrub, room, daily, leftovers } as const
