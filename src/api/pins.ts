// Pins as a node offers them: roots that are kept, how far each has come, and what keeps a block.

import type { CID } from 'multiformats/cid'
import type { FetchState, Wait } from '../block/source.ts'
import type { WhyEvent } from './why.ts'

export type PinMode = 'recursive' | 'direct'

/** `queued` and `pinning` go on by themselves while a daemon runs; `failed` has been given up. */
export type PinStatus = 'queued' | 'pinning' | 'pinned' | 'failed'

export type Labels = Readonly<Record<string, string>>

/** What can be said of a pin when it is asked for. */
export interface PinMeta {
  readonly name?: string
  /** Who wants it; pins of several owners stand side by side. */
  readonly owner?: string
  readonly labels?: Labels
  /** Milliseconds since the epoch, when it ends by itself. Left out, it stays until it is removed. */
  readonly expires?: number
  /** Higher goes first in the queue; default 0. */
  readonly priority?: number
}

export interface Pin {
  readonly id: number
  readonly cid: CID
  readonly mode: PinMode
  readonly name: string
  readonly owner: string
  readonly labels: Labels
  readonly status: PinStatus
  /** Milliseconds since the epoch, as all times here. */
  readonly created: number
  readonly expires: number | undefined
  readonly priority: number
  /** Walks that have failed since it was asked for. */
  readonly attempts: number
  /** A queued pin is not tried again before. */
  readonly retryAt: number | undefined
  /** Why the last walk failed. */
  readonly error: string
}

export interface PinProgress {
  readonly blocks: number
  readonly bytes: number
  /** Blocks of these that came from the network. */
  readonly fetched: number
  /** What it waits for, while nothing comes. */
  readonly waiting?: string
}

/** A pin that this process is making. */
export interface PinState extends PinProgress {
  /** Blocks that are known to be needed and not here. */
  readonly missing: number
  /** Not all that is known was looked at: there may be more of them. */
  readonly missingAtLeast: boolean
  readonly bytesPerSecond: number
  /** What the root says of its size: a hint that nobody has checked. */
  readonly totalBytes: number | undefined
  readonly etaMs: number | undefined
  readonly runningMs: number
  readonly peers: FetchState | undefined
  readonly waiting: string
}

export interface PinFilter {
  readonly cid?: CID
  readonly mode?: PinMode
  readonly status?: PinStatus
  /** A part of the name. */
  readonly name?: string
  readonly owner?: string
  /** All of these, exactly. */
  readonly labels?: Labels
  /** Only pins behind this id. */
  readonly afterId?: number
}

type AddOptions = Wait & PinMeta & { readonly mode?: PinMode }

export interface PinsApi {
  /** Resolves when everything below is here, kept and durable. */
  add(cid: CID, options: AddOptions & { onProgress?: (progress: PinProgress) => void }): Promise<Pin>
  /** Resolves when the row is durable; whoever works the queue off does the rest. A pin that is complete stays so. */
  enqueue(cid: CID, options: AddOptions): Promise<Pin>
  /** Removes the pins of this CID (of that name, owner, mode, if given); NOT_PINNED if there is none. */
  rm(cid: CID, options: Wait & { name?: string; mode?: PinMode; owner?: string }): Promise<void>
  /** In order of id, paged inside: holds no transaction between entries. */
  ls(options: Wait & PinFilter): AsyncIterable<Pin>
  /** How far a pin has come that this process makes; undefined for every other. */
  progress(id: number): PinState | undefined
  /** Moves a recursive pin: pins `to`, then drops `from` (unless `unpin` is false). */
  update(
    from: CID,
    to: CID,
    options: Wait & { unpin?: boolean; onProgress?: (progress: PinProgress) => void },
  ): Promise<Pin>
  /** Walks every complete pin and reports what is missing or damaged. */
  verify(
    options: Wait & { cid?: CID },
  ): AsyncIterable<{ cid: CID; ok: boolean; bad: readonly { cid: CID; error: string }[] }>
  /** For a block: the roots that keep it directly, or 'indirect' through which root. */
  whyPinned(cid: CID, options: Wait): Promise<{ mode: PinMode | 'indirect'; root: CID } | undefined>
  /** How this very block is pinned itself, whatever else may reach it: one look into an index. Pins that have expired do not count. */
  modeOf(cid: CID): PinMode | undefined
  /** A root pinned recursively whose DAG holds this CID. Walks inner nodes until it is found: not for every request. */
  rootAbove(cid: CID, options: Wait): Promise<CID | undefined>
  /** All that keeps a block, as it is found; the verdict comes last. */
  why(cid: CID, options: Wait): AsyncIterable<WhyEvent>
  /** Works the queue off and removes what has expired, until `signal` aborts. */
  work(options: Wait): Promise<void>
}
