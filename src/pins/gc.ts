// Garbage collection: mark what the roots keep, sweep what nothing keeps and nobody uses, give its room back (spec: store §6).

import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { GcEvent } from '../api/repo.ts'
import { rawCidText } from '../block/base32-text.ts'
import type { Wait } from '../block/source.ts'
import { CairnError, isCairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { type Logger, SILENT } from '../observe/log.ts'
import { type CompactOptions, compactPacks, type SealedPack } from '../store/collect/compact.ts'
import { workOffDead } from '../store/collect/dead.ts'
import { foreseeEpoch, openEpoch } from '../store/collect/epoch.ts'
import { withReserve } from '../store/collect/free-room.ts'
import { listHolders } from '../store/collect/holders.ts'
import { oldestThatSuffice } from '../store/collect/oldest.ts'
import { removeOrphanFiles } from '../store/collect/orphans.ts'
import { settlePacks } from '../store/collect/settle-packs.ts'
import { sweep } from '../store/collect/sweep.ts'
import { Throttle } from '../store/collect/throttle.ts'
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
  /** Percent of the time that it may hold the write lock and the disk. Left out: half, while others write. */
  readonly pace?: number
  /** So many bytes are enough: what was put or met longest ago goes first. Left out: all that nothing keeps. */
  readonly wantedBytes?: number
  readonly log?: Logger
}

const COMPACT_BELOW = 0.5
const PACE_PERCENT = 50
const PROGRESS_MS = 500

export async function* collectGarbage(store: Store, options: GcOptions): AsyncGenerator<GcEvent> {
  if (options.dryRun === true) {
    yield* collect(store, options, foreseeEpoch(store, options.graceMs))
    return
  }
  // Making its file needs an inode, where there is none yet.
  using _ = await withReserve(store, async () => holdGcLock(store))
  // As rows, before anything is marked: a pin that is renewed later has to be made anew.
  await dropExpired(store)
  yield* collect(store, options, await openEpoch(store, options.graceMs))
}

/** One collection at a time; a killed one gives the lock back with its last breath (spec: store §6.1). */
export function holdGcLock(store: Store): Disposable {
  if (store.database.readOnly)
    throw new CairnError('READ_ONLY', `${store.path} cannot be written`, { hint: 'make the repository writable' })
  const file = join(store.path, 'gc.lock')
  const lock = takeLock(file)
  if (lock !== undefined) return lock
  const pid = lockHolder(file)
  const who = pid === undefined ? 'another process' : pid === process.pid ? 'this process' : `process ${pid}`
  throw new CairnError('REPO_LOCKED', `a collection runs already, in ${who}`, {
    hint: pid === undefined ? 'wait for its end' : `wait for the end of process ${pid}`,
  })
}

interface Totals {
  removedBlocks: number
  removedBytes: number
  markedBlocks: number
  heldBlocks: number
  heldBytes: number
  looked: number
}

async function* collect(store: Store, options: GcOptions, threshold: number): AsyncGenerator<GcEvent> {
  const { graceMs, signal, dryRun = false, pace } = options
  const startedAt = performance.now()
  const ms = () => Math.round(performance.now() - startedAt)
  // A dry run removes no pins, and foresees what their end would free.
  const endedBy = dryRun ? certainNow(SYSTEM_CLOCK) : undefined
  // Now: they are the reason, though they may have ended when it is told.
  const holders = listHolders(store, graceMs)
  const throttle = new Throttle(store, { signal, share: (pace ?? PACE_PERCENT) / 100, always: pace !== undefined })
  const totals: Totals = { removedBlocks: 0, removedBytes: 0, markedBlocks: 0, heldBlocks: 0, heldBytes: 0, looked: 0 }
  const { blocks } = store.counters()
  const count = Math.max(1, Math.ceil(blocks / LIMITS.markedBlocks.value))
  for (let index = 0; index < count; index++) {
    const part = { index, count }
    const marks = new Marks({ store, part, expected: Math.ceil(blocks / count), signal, throttle, endedBy })
    yield* whileRunning(marks.markRoots(), () => ({ stage: 'mark', done: marks.size, total: blocks }))
    totals.markedBlocks += marks.size
    if (index === count - 1) yield { type: 'marked', roots: marks.roots, blocks: totals.markedBlocks, ms: ms() }
    yield* sweepPart(store, { ...options, throttle, marks, threshold, blocks: blocks * count }, totals)
  }
  const { removedBlocks, removedBytes, heldBlocks, heldBytes } = totals
  const freed = { bytes: 0 }
  if (!dryRun) yield* giveBack(store, options, throttle, freed)
  const isUnlinkingHeld = holders.some(({ why }) => why === 'backup')
  if (holders.length > 0 && (heldBlocks > 0 || (removedBlocks > 0 && isUnlinkingHeld)))
    yield { type: 'held', blocks: heldBlocks, bytes: heldBytes, holders }
  yield {
    type: 'done',
    removedBlocks,
    removedBytes,
    freedBytes: Math.max(0, freed.bytes),
    ms: ms(),
    heldBy: findStoppedHolders(store.database),
  }
}

interface SweepPart extends GcOptions {
  readonly throttle: Throttle
  readonly marks: Marks
  readonly threshold: number
  readonly blocks: number
}

async function* sweepPart(store: Store, options: SweepPart, totals: Totals): AsyncGenerator<GcEvent> {
  const { signal, throttle, marks, dryRun = false, list = false, wantedBytes, blocks } = options
  const wait = { signal, throttle }
  const missingBytes = wantedBytes === undefined ? undefined : Math.max(0, wantedBytes - totals.removedBytes)
  const threshold =
    missingBytes === undefined
      ? options.threshold
      : await oldestThatSuffice(store, { ...wait, marks, threshold: options.threshold, wantedBytes: missingBytes })
  const onPage = (page: { rows: number; heldBlocks: number; heldBytes: number }) => {
    totals.looked += page.rows
    totals.heldBlocks += page.heldBlocks
    totals.heldBytes += page.heldBytes
  }
  let toldAt = performance.now()
  for await (const rows of sweep({ ...wait, store, marks, threshold, dryRun, onPage })) {
    for (const { mh, size } of rows) {
      totals.removedBlocks++
      totals.removedBytes += size
      if (list) yield { type: 'removed', cid: rawCidText(mh), sizeBytes: size }
    }
    if (performance.now() - toldAt < PROGRESS_MS) continue
    toldAt = performance.now()
    yield { type: 'progress', stage: 'sweep', done: totals.looked, total: blocks }
  }
}

/** The room of what was swept, now and in collections that were killed, goes back to the disk. */
async function* giveBack(
  store: Store,
  { compactBelow = COMPACT_BELOW, log = SILENT, signal }: GcOptions,
  throttle: Throttle,
  freed: { bytes: number },
): AsyncGenerator<GcEvent> {
  const wait = { signal, throttle }
  const sparse = await settlePacks(store, { compactBelow, ...wait })
  const total = sparse.reduce((sum, { rows }) => sum + rows, 0)
  freed.bytes += await workOffDead(store, wait)
  let done = 0
  let movedBytes = 0
  const onMoved = (rows: number) => {
    done += rows
  }
  const compacting = compactIfRoom(store, sparse, { log, onMoved, ...wait }).then(bytes => {
    movedBytes = bytes
  })
  yield* whileRunning(compacting, () => ({ stage: 'compact', done, total }))
  if (sparse.length > 0) yield { type: 'compacted', packs: sparse.length, movedBytes }
  freed.bytes -= movedBytes
  freed.bytes += await workOffDead(store, wait)
  freed.bytes += await removeOrphanFiles(store, wait)
  freed.bytes += await vacuumDatabase(store, wait)
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

/** What takes long says now and then how far it is. A listener that leaves waits for its end: it holds locks. */
async function* whileRunning(
  work: Promise<void>,
  progress: () => Omit<GcEvent & { type: 'progress' }, 'type'>,
): AsyncGenerator<GcEvent> {
  const stop = new AbortController()
  const ended = work.finally(() => stop.abort())
  ended.catch(() => undefined)
  try {
    for (;;) {
      await Promise.race([ended, setTimeout(PROGRESS_MS, undefined, { signal: stop.signal }).catch(() => undefined)])
      if (stop.signal.aborted) break
      yield { type: 'progress', ...progress() }
    }
  } finally {
    await ended
  }
}
