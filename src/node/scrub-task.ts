// When a daemon scrubs: at a random time after the last run, so that many nodes do not do it at once; an unfinished one goes on.

import { setTimeout as sleep } from 'node:timers/promises'
import { toCairnError } from '../errors.ts'
import { changeScrubState, readScrubState, type ScrubState } from '../store/scrub/state.ts'
import { parseDuration, parseSize } from '../units.ts'
import type { UpkeepContext, UpkeepTask } from './upkeep.ts'

/** A start has other things to do at first. */
const SETTLE_MS = 60_000
const LOOK_MS = 3_600_000
const AGAIN_MS = 6 * 3_600_000
const DAY_MS = 86_400_000

export const scrubRegularly: UpkeepTask = async context => {
  const { store, config, log, signal } = context
  const intervalMs = parseDuration(config.scrub.interval)
  if (intervalMs === 0 || store.database.readOnly) return
  try {
    await sleep(SETTLE_MS * (0.5 + Math.random()), undefined, { signal, ref: false })
    for (;;) {
      const waitMs = await untilDue(context, intervalMs)
      if (waitMs > 0) await sleep(Math.min(waitMs, LOOK_MS), undefined, { signal, ref: false })
      else await scrubOnce(context)
    }
  } catch (error) {
    if (!signal.aborted) log.error('the scrub does not go on', { err: toCairnError(error) })
  }
}

/** Planned once and remembered: a node that is often started anew must come to it as well. */
async function untilDue({ store }: UpkeepContext, intervalMs: number): Promise<number> {
  const state = readScrubState(store.database)
  if (state.run !== undefined && state.dueAt === undefined) return 0
  const now = Date.now()
  const latest = now + intervalMs * 1.1
  // A clock that was set back must not put it off for years.
  if (state.dueAt !== undefined && state.dueAt <= latest) return state.dueAt - now
  const planned = await changeScrubState(store.database, old => ({ ...old, dueAt: plan(old, intervalMs, now) }))
  return (planned.dueAt ?? now) - now
}

export function plan({ last }: ScrubState, intervalMs: number, now: number): number {
  if (last === undefined) return now + Math.random() * Math.min(DAY_MS, intervalMs)
  return Math.min(last.endedAt, now) + intervalMs * (0.9 + 0.2 * Math.random())
}

async function scrubOnce({ node, store, config, log, signal }: UpkeepContext): Promise<void> {
  log.info('scrub begins', { goesOn: readScrubState(store.database).run !== undefined })
  try {
    for await (const event of node.repo.scrub({ rateBytes: parseSize(config.scrub.rate), signal })) {
      if (event.type === 'bad' && event.repaired)
        log.info('a damaged block was fetched again', { cid: String(event.cid) })
      if (event.type === 'bad' && !event.repaired)
        log.error('a damaged block is lost here', { what: event.what, why: event.how })
      if (event.type === 'done') log.info('scrub ends', event)
    }
  } catch (error) {
    signal.throwIfAborted()
    log.warn('the scrub was broken off', { err: toCairnError(error) })
    await changeScrubState(store.database, state => ({ ...state, dueAt: Date.now() + AGAIN_MS }))
  }
}
