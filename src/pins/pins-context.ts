// What the parts of pinning share: the store, where blocks come from, the caps, and the walks that run in this process.

import type { CID } from 'multiformats/cid'
import type { BlockSource } from '../block/source.ts'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../observe/log.ts'
import type { Store } from '../store/store.ts'
import { DEFAULT_CAPS, type WalkCaps } from './caps.ts'
import { type Backoff, type Clock, DEFAULT_BACKOFF, SYSTEM_CLOCK } from './clock.ts'
import type { ProgressMeter } from './progress.ts'
import { Slots } from './slots.ts'

export interface PinsOptions {
  readonly store: Store
  /** The blocks of a root: local ones first, then those of the network. */
  readonly sourceFor: (root: CID) => BlockSource
  /** BLOCKED for blocks that this node is not to keep, before they are read or fetched. */
  readonly refuse?: (cid: CID) => void
  readonly log: Logger
  readonly caps?: WalkCaps
  /** Pins of the queue that are walked at once. */
  readonly concurrency?: number
  /** How long one of them may hold a place while nothing comes. */
  readonly patienceMs?: number
  readonly backoff?: Backoff
  readonly clock?: Clock
  /** How long what was put without a root counts as in use (`store.grace`); only to tell of it. */
  readonly graceMs?: number
}

export interface PinsContext extends Required<PinsOptions> {
  /** By the id of the pin. */
  readonly walks: Map<number, ProgressMeter>
  /** For pins that a caller waits for: those of the queue have places of their own, so that neither starves the other. */
  readonly slots: Slots
}

export function pinsContext(options: PinsOptions): PinsContext {
  return {
    caps: DEFAULT_CAPS,
    concurrency: 4,
    patienceMs: 60_000,
    backoff: DEFAULT_BACKOFF,
    clock: SYSTEM_CLOCK,
    graceMs: 0,
    refuse: () => {},
    ...options,
    walks: new Map(),
    slots: new Slots(LIMITS.pinsWaitedFor.value),
  }
}
