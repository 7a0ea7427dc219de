// Room ahead of need: above `store.highWater` the daemon evicts and collects down to `store.lowWater`, and regularly if that is wanted.

import { setTimeout } from 'node:timers/promises'
import type { Config } from '../config/schema.ts'
import { toCairnError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { parseDuration } from '../units.ts'
import { makeRoomBy } from './repo-api.ts'
import type { UpkeepContext, UpkeepTask } from './upkeep.ts'

export interface RoomTaskOptions {
  /** After a commit; those that follow are looked at together. */
  readonly checkMs?: number
  /** What could not go may be able to later: graces end. */
  readonly againMs?: number
}

interface Attempt {
  readonly at: number
  readonly diskBytes: number
  readonly rootsVersion: number
}

/** Another attempt is worth its work when so much of `store.max` has come since. */
const GROWN_SHARE = 0.01

export const roomTask =
  ({ checkMs = 1_000, againMs = 300_000 }: RoomTaskOptions = {}): UpkeepTask =>
  async context => {
    const { store, config, log, signal } = context
    if (config.store.highWater === 0) return
    let last: Attempt | undefined
    while (!signal.aborted) {
      if (isFull(store, config) && isWorthwhile(store, last, againMs)) {
        try {
          await makeRoom(context)
        } catch (error) {
          if (signal.aborted) return
          log.warn('no room could be made', { error: toCairnError(error) })
        }
        last = attempt(store)
      }
      await nextCommit(store, againMs, signal)
      await setTimeout(checkMs, undefined, { signal }).catch(() => undefined)
    }
  }

export const keepRoom: UpkeepTask = roomTask()

/** By `store.gcInterval`; the time of the last one outlives the daemon. */
export const collectRegularly: UpkeepTask = async ({ node, store, config, log, signal }) => {
  const intervalMs = parseDuration(config.store.gcInterval)
  if (intervalMs === 0) return
  while (!signal.aborted) {
    const lastAt = Number(
      store.database.get<{ value: string }>("SELECT value FROM upkeep WHERE key = 'gc'")?.value ?? 0,
    )
    const waitMs = Math.min(Math.max(lastAt + intervalMs - Date.now(), 0), intervalMs)
    await setTimeout(Math.min(waitMs, MOST_TIMER_MS), undefined, { signal }).catch(() => undefined)
    if (signal.aborted || waitMs > MOST_TIMER_MS) continue
    try {
      for await (const event of node.repo.gc({ signal })) {
        if (event.type === 'done')
          log.info('collected', { removedBlocks: event.removedBlocks, freedBytes: event.freedBytes })
      }
      const sql = "INSERT OR REPLACE INTO upkeep (key, value) VALUES ('gc', ?)"
      await store.write([{ sql, params: [String(Date.now())] }], { freesRoom: true })
    } catch (error) {
      if (signal.aborted) return
      log.warn('no collection', { error: toCairnError(error) })
      await setTimeout(Math.min(intervalMs, RETRY_MS), undefined, { signal }).catch(() => undefined)
    }
  }
}

const MOST_TIMER_MS = 2 ** 31 - 1
const RETRY_MS = 60_000

const level = (config: Config, percent: number, { maxBytes }: { maxBytes: number }): number =>
  Math.floor((maxBytes * Math.min(percent, config.store.highWater)) / 100)

function isFull(store: Store, config: Config): boolean {
  const usage = store.counters()
  return !store.database.readOnly && usage.diskBytes > level(config, config.store.highWater, usage)
}

function isWorthwhile(store: Store, last: Attempt | undefined, againMs: number): boolean {
  if (last === undefined) return true
  const now = attempt(store)
  const grown = now.diskBytes - last.diskBytes > store.counters().maxBytes * GROWN_SHARE
  return grown || now.rootsVersion !== last.rootsVersion || now.at - last.at >= againMs
}

const attempt = (store: Store): Attempt => ({
  at: performance.now(),
  diskBytes: store.counters().diskBytes,
  rootsVersion: store.database.get<{ value: number }>("SELECT value FROM meta WHERE key = 'roots_version'")?.value ?? 0,
})

/** The oldest garbage first; all of it only if that was not enough, as packs that stay half full may be the reason. */
async function makeRoom({ store, chores, config, signal }: UpkeepContext): Promise<void> {
  const graceMs = parseDuration(config.store.grace)
  for (const oldestFirst of [true, false]) {
    const usage = store.counters()
    const wantedBytes = usage.diskBytes - level(config, config.store.lowWater, usage)
    await makeRoomBy(chores, { graceMs, wantedBytes, oldestFirst, pace: config.store.gcPace }, signal)
    if (!isFull(store, config)) return
  }
}

/** Of any process, or so long a time. */
async function nextCommit(store: Store, mostMs: number, signal: AbortSignal): Promise<void> {
  const woken = new AbortController()
  const stop = store.onCommit(() => woken.abort())
  await setTimeout(mostMs, undefined, { signal: AbortSignal.any([signal, woken.signal]) }).catch(() => undefined)
  stop()
}
