// Garbage collection: mark what the roots keep, sweep what nothing keeps and nobody uses, give its room back (spec: store §6).

import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'
import type { GcEvent } from '../api/repo.ts'
import { RAW } from '../block/cid.ts'
import type { Wait } from '../block/source.ts'
import { CairnError, isCairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { type Logger, SILENT } from '../observe/log.ts'
import { type CompactOptions, compactPacks, type SealedPack } from '../store/collect/compact.ts'
import { workOffDead } from '../store/collect/dead.ts'
import { foreseeEpoch, openEpoch } from '../store/collect/epoch.ts'
import { removeOrphanFiles } from '../store/collect/orphans.ts'
import { type SettleOptions, settlePacks } from '../store/collect/settle-packs.ts'
import { sweep } from '../store/collect/sweep.ts'
import { lockHolder, takeLock } from '../store/database/kernel-lock.ts'
import { vacuumDatabase } from '../store/database/vacuum.ts'
import { findStoppedHolders } from '../store/holders.ts'
import type { Store } from '../store/store.ts'
import { certainNow, SYSTEM_CLOCK } from './clock.ts'
import { dropExpired } from './expiry.ts'
import { Marks } from './mark.ts'

export interface GcOptions extends Wait {
  /** How long what an operation put without a root counts as in use (`store.grace`). */
  readonly graceMs: number
  /** Tells what would go, and changes nothing. */
  readonly dryRun?: boolean
  /** Tell of each block that goes. */
  readonly list?: boolean
  /** Packs of which less than this share lives are compacted; more when room is short. */
  readonly compactBelow?: number
  readonly log?: Logger
}

const COMPACT_BELOW = 0.5

export async function* collectGarbage(store: Store, options: GcOptions): AsyncGenerator<GcEvent> {
  if (options.dryRun === true) {
    yield* collect(store, options, foreseeEpoch(store, options.graceMs))
    return
  }
  using _ = holdGcLock(store)
  // As rows, before anything is marked: a pin that is renewed later has to be made anew.
  await dropExpired(store)
  yield* collect(store, options, await openEpoch(store, options.graceMs))
}

/** One collection at a time; a killed one gives the lock back with its last breath (spec: store §6.1). */
function holdGcLock(store: Store): Disposable {
  if (store.database.readOnly)
    throw new CairnError('READ_ONLY', `${store.path} cannot be written`, { hint: 'make the repository writable' })
  const file = join(store.path, 'gc.lock')
  const lock = takeLock(file)
  if (lock !== undefined) return lock
  throw new CairnError('REPO_LOCKED', 'a collection runs already', {
    hint: `wait for it: process ${lockHolder(file) ?? 'unknown'}`,
  })
}

async function* collect(store: Store, options: GcOptions, threshold: number): AsyncGenerator<GcEvent> {
  const { signal, list = false, dryRun = false, compactBelow = COMPACT_BELOW, log = SILENT } = options
  const startedAt = performance.now()
  const ms = () => Math.round(performance.now() - startedAt)
  // A dry run removes no pins, and foresees what their end would free.
  const endedBy = dryRun ? certainNow(SYSTEM_CLOCK) : undefined
  const { blocks } = store.counters()
  const count = Math.max(1, Math.ceil(blocks / LIMITS.markedBlocks.value))
  let [removedBlocks, removedBytes, markedBlocks] = [0, 0, 0]
  for (let index = 0; index < count; index++) {
    const marks = new Marks({ store, part: { index, count }, expected: Math.ceil(blocks / count), signal, endedBy })
    await marks.markRoots()
    markedBlocks += marks.size
    if (index === count - 1) yield { type: 'marked', roots: marks.roots, blocks: markedBlocks, ms: ms() }
    for await (const rows of sweep({ store, marks, threshold, dryRun, signal })) {
      for (const { mh, size } of rows) {
        removedBlocks++
        removedBytes += size
        if (list) yield { type: 'removed', cid: CID.createV1(RAW, decode(mh)), sizeBytes: size }
      }
    }
  }
  const freedBytes = dryRun ? 0 : await giveBack(store, { compactBelow, log, signal })
  yield { type: 'done', removedBlocks, removedBytes, freedBytes, ms: ms(), heldBy: findStoppedHolders(store.database) }
}

/** The room of what was swept, now and in collections that were killed, goes back to the disk. */
async function giveBack(store: Store, { compactBelow, log, signal }: SettleOptions & CompactOptions): Promise<number> {
  const sparse = await settlePacks(store, { compactBelow, signal })
  let freedBytes = await workOffDead(store, { signal })
  freedBytes -= await compactIfRoom(store, sparse, { log, signal })
  freedBytes += await workOffDead(store, { signal })
  freedBytes += await removeOrphanFiles(store, { signal })
  return Math.max(0, freedBytes + (await vacuumDatabase(store, signal)))
}

/** Moving needs room before it gives any; without it the rest of the collection counts all the same. */
async function compactIfRoom(store: Store, packs: readonly SealedPack[], options: CompactOptions): Promise<number> {
  try {
    return await compactPacks(store, packs, options)
  } catch (error) {
    if (!isCairnError(error, 'NO_SPACE')) throw error
    options.log.warn('no room to compact packs', { packs: packs.length, error })
    return 0
  }
}
