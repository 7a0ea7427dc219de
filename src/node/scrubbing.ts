// A scrub with whom it asks for what is bad: found on the chores thread, fetched again where the network is.

import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'
import type { ScrubEvent, ScrubRequest } from '../api/repo.ts'
import { RAW } from '../block/cid.ts'
import { isCairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { changeScrubState } from '../store/scrub/state.ts'
import type { Store } from '../store/store.ts'
import type { ChoreRunner } from './chore-table.ts'
import type { Sources } from './sources.ts'

export interface ScrubParts {
  readonly store: Store
  readonly chores: ChoreRunner
  readonly sources: Sources
}

export async function* scrubRepo(parts: ScrubParts, { signal, ...options }: ScrubRequest): AsyncGenerator<ScrubEvent> {
  let [repaired, left] = [0, 0]
  for await (const event of parts.chores.run('scrub', { rateBytes: 0, ...options }, { signal })) {
    if (event.type === 'progress') yield event
    else if (event.type === 'done') yield { ...event, repaired, left }
    else {
      const cid = CID.createV1(RAW, decode(event.multihash))
      const outcome = event.kept ? await fetchAgain(parts, cid, signal) : CACHED
      if (outcome.repaired) repaired++
      else left++
      yield { type: 'bad', cid, what: event.what, ...outcome }
    }
  }
}

const CACHED = { repaired: true, how: 'forgotten: the cache fetches it again' }

/** The way of every reader: what is not here any more comes from others, and is kept again. */
async function fetchAgain({ store, sources }: ScrubParts, cid: CID, signal: AbortSignal) {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(LIMITS.refetchMs.value)])
  try {
    await sources.of(cid).get(cid, { signal: patience })
  } catch (error) {
    signal.throwIfAborted()
    if (!patience.aborted && !isCairnError(error)) throw error
    const why = patience.aborted ? 'nobody answered in time' : (error as Error).message
    return { repaired: false, how: why }
  }
  // Read once more: what came was to be stored.
  if (!store.has(cid)) return { repaired: false, how: 'it was fetched, but could not be stored' }
  await changeScrubState(store.database, state => ({ ...state, repaired: state.repaired + 1 }))
  return { repaired: true, how: 'fetched again' }
}
