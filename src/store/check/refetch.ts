// Getting damaged and missing blocks from elsewhere: many at a time, each hashed at the door, kept and durable when it is told.

import type { CID } from 'multiformats/cid'
import { isCairnError, toCairnError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { METRICS } from '../../observe/metrics.ts'
import { dropPlace } from '../read/quarantine.ts'
import type { Operation } from '../store.ts'
import type { CheckContext } from './check-context.ts'
import { keyOf, type RepairPlan } from './repair-plan.ts'

export interface Wanted {
  readonly cid: CID
  /** Whoever has this may have the block too. */
  readonly root: CID
}

/** By multihash in latin1: undefined for what is here again, else why it is not. */
export type Refetched = ReadonlyMap<string, string | undefined>

/** After so many that nobody answered for, one after the other, the rest is not asked for. */
const PATIENCE = 64

export async function refetch(context: CheckContext, plan: RepairPlan, wanted: readonly Wanted[]): Promise<Refetched> {
  const outcomes = new Map<string, string | undefined>()
  if (plan.sources.length === 0) {
    for (const { cid } of wanted) outcomes.set(keyOf(cid.multihash.bytes), NOBODY)
    return outcomes
  }
  const queue = [...wanted]
  let silent = 0
  await using operation = await context.store.begin('put')
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const key = keyOf(next.cid.multihash.bytes)
      const why = silent >= PATIENCE ? 'nobody answers' : await fetchOne(context, plan, operation, next)
      silent = why === undefined ? 0 : silent + 1
      outcomes.set(key, why)
    }
  }
  const lanes = Array.from({ length: Math.min(LIMITS.refetches.value, queue.length) }, lane)
  for (const outcome of await Promise.allSettled(lanes)) if (outcome.status === 'rejected') throw outcome.reason
  await operation.finish()
  for (const { cid } of wanted) {
    if (outcomes.get(keyOf(cid.multihash.bytes)) !== undefined) continue
    METRICS.repairedBlocks.add()
    plan.log.info('a damaged block was fetched again', { cid: String(cid) })
  }
  return outcomes
}

const NOBODY = 'there is nobody to ask: run a daemon, or name another repository with --from'

/** Undefined when it was put; it is durable once the operation has finished. */
async function fetchOne(
  { store, signal }: CheckContext,
  { sources, doubtful }: RepairPlan,
  operation: Operation,
  { cid, root }: Wanted,
): Promise<string | undefined> {
  let why = NOBODY
  const doubted = doubtful.get(keyOf(cid.multihash.bytes))
  for (const fetchFrom of sources) {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(LIMITS.refetchMs.value)])
    try {
      const bytes = await fetchFrom(root, cid, { signal: patience })
      // Now that they are at hand, the row may do without its old place.
      if (doubted !== undefined) await store.database.transact(tx => dropPlace(tx, { cid, ...doubted }))
      await operation.putVerified(cid, bytes, { signal })
      return undefined
    } catch (error) {
      signal.throwIfAborted()
      if (isCairnError(error) && ['NO_SPACE', 'READ_ONLY'].includes(error.code)) throw error
      why = toCairnError(error).message
    }
  }
  return why
}
