// A daemon's denylists: in step with their files, and those that others publish asked for again from time to time.

import { setTimeout } from 'node:timers/promises'
import { parseDuration } from '../units.ts'
import type { UpkeepTask } from './upkeep.ts'

export const followDenylists: UpkeepTask = ({ deny, signal }) => deny.follow({ signal })

const MINUTE_MS = 60_000

export const updateDenylists: UpkeepTask = async ({ store, config, log, signal }) => {
  const everyMs = parseDuration(config.deny.interval)
  if (config.deny.subscriptions.length === 0 || everyMs === 0) return
  const part = log.part('deny')
  // Brings HTTP along, which a plain command does without.
  const { updateSubscriptions } = await import('../policy/subscriptions.ts')
  while (!signal.aborted) {
    let failed = false
    try {
      for await (const update of updateSubscriptions({ repo: store.path, config: config.deny, signal })) {
        failed ||= update.outcome === 'failed'
        if (update.outcome === 'failed')
          part.warn('a subscribed denylist could not be fetched', { url: update.url, err: update.error })
        else if (update.outcome === 'new')
          part.info('a subscribed denylist was fetched', {
            url: update.url,
            rules: update.rules,
            badLines: update.badLines,
          })
      }
    } catch (error) {
      failed = true
      if (!signal.aborted) part.warn('the copies of subscribed denylists could not be kept', { err: error })
    }
    // The network may not be up yet when the daemon starts.
    const waitMs = Math.min(failed ? Math.min(MINUTE_MS, everyMs) : everyMs, 2 ** 31 - 1)
    await setTimeout(waitMs, undefined, { signal, ref: false }).catch(() => {})
  }
}
