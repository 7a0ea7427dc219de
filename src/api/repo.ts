// The repository as a node offers it: its figures, its check, its collection.

import type { CID } from 'multiformats/cid'
import type { Wait } from '../block/source.ts'

export interface RepoStat {
  readonly path: string
  readonly schemaVersion: number
  readonly blocks: number
  readonly blockBytes: number
  /** What the disk holds: packs, files, database, WAL. */
  readonly diskBytes: number
  readonly maxBytes: number
  readonly pins: number
  readonly packs: number
  /** The disk refused a write: this process reads on, and writes nothing more. */
  readonly readOnly?: boolean
  /** Why, and what failed. */
  readonly readOnlyBecause?: string | undefined
  /** Every block is hashed again from time to time. */
  readonly scrub?: ScrubStat
  /** Processes that hold a lease now. */
  readonly writers: readonly RepoWriter[]
  /** Why garbage cannot be collected now; empty if nothing holds it. */
  readonly holders?: readonly SpaceHolder[]
}

/** `stopped`: by SIGSTOP or Ctrl-Z, where the system tells. */
export interface RepoWriter {
  readonly pid: number
  readonly since: number
  readonly stopped?: true
}

export interface ScrubStat {
  /** The last complete run. */
  readonly last?: {
    readonly startedAt: number
    readonly endedAt: number
    readonly blocks: number
    readonly bytes: number
    readonly bad: number
  }
  /** One that is under way, or was interrupted. */
  readonly run?: {
    readonly startedAt: number
    readonly blocks: number
    readonly bytes: number
    readonly bad: number
    readonly percent: number
  }
  /** Damaged blocks that scrubs got back, ever. */
  readonly repaired: number
  readonly dueAt?: number
}

export type CheckFinding = {
  readonly severity: 'error' | 'note'
  /** A stable word for scripts: `missing-bytes`, `bad-hash`, `orphan-file`, `wrong-counter`, … */
  readonly kind: string
  readonly what: string
  /** With `repair`: whether it is mended now. */
  readonly repaired?: boolean
  /** With `repair`: what was done, or why nothing could be. */
  readonly how?: string
}

export type CheckEvent =
  | { readonly type: 'finding'; readonly finding: CheckFinding }
  | { readonly type: 'progress'; readonly stage: string; readonly done: number; readonly total: number }
  | {
      readonly type: 'done'
      readonly errors: number
      readonly notes: number
      /** Findings of both kinds that are mended now. */
      readonly repaired: number
      /** Errors that are left. */
      readonly left: number
      readonly blocks: number
      readonly bytesRead: number
    }

/** Which blocks are read and hashed: a random share (0 to 1), so many bytes at random, or the n-th of m parts (1 to m). */
export type ReadSubset =
  | { readonly share: number }
  | { readonly sizeBytes: number }
  | { readonly part: number; readonly of: number }

export interface CheckRequest extends Wait {
  /** Hash every block in full, or only some of them. */
  readonly readData?: boolean | ReadSubset
  /** Mend what is found. */
  readonly repair?: boolean
  /** Other repositories on this machine to take blocks from that are damaged here; asked before the network. */
  readonly from?: readonly string[]
}

export interface ScrubRequest extends Wait {
  /** Bytes a second; left out or 0: as fast as it goes. */
  readonly rateBytes?: number
  /** Begin at the beginning, whatever an unfinished run has seen. */
  readonly anew?: boolean
}

export type ScrubEvent =
  | { readonly type: 'progress'; readonly blocks: number; readonly totalBlocks: number; readonly bytes: number }
  | {
      readonly type: 'bad'
      readonly cid: CID
      readonly what: string
      readonly repaired: boolean
      readonly how: string
    }
  | {
      readonly type: 'done'
      readonly blocks: number
      readonly bytes: number
      readonly bad: number
      /** Of those that were bad. */
      readonly repaired: number
      readonly left: number
    }

/** Why garbage stays for now. */
export interface SpaceHolder {
  /** An operation that lives, operations that ended without a root within `store.grace`, or a backup. */
  readonly why: 'operation' | 'grace' | 'backup'
  /** `add`, `import`, `pin`, `put`, `backup`. */
  readonly kind: string
  readonly pid?: number
  /** When it began (in grace: ended), in ms. */
  readonly since: number
  /** The process is stopped: it keeps what it uses until it goes on or ends. */
  readonly stopped: boolean
  readonly count: number
}

export type GcEvent =
  | {
      readonly type: 'progress'
      readonly stage: 'mark' | 'sweep' | 'compact'
      readonly done: number
      readonly total: number
    }
  | { readonly type: 'marked'; readonly roots: number; readonly blocks: number; readonly ms: number }
  /** The CID as text: version 1, raw, base32. */
  | { readonly type: 'removed'; readonly cid: string; readonly sizeBytes: number }
  /** Packs of which little lived: what did was moved, which took so many bytes. */
  | { readonly type: 'compacted'; readonly packs: number; readonly movedBytes: number }
  /** What nothing keeps, and who holds it back; with a backup, what is removed is not unlinked yet. */
  | {
      readonly type: 'held'
      readonly blocks: number
      readonly bytes: number
      readonly holders: readonly SpaceHolder[]
    }
  | {
      readonly type: 'done'
      readonly removedBlocks: number
      readonly removedBytes: number
      readonly freedBytes: number
      readonly ms: number
      /** Stopped processes with an operation under way: what was put or met since it began stays. */
      readonly heldBy: readonly RepoWriter[]
    }

export interface GcRequest extends Wait {
  /** Tells what would go, and changes nothing. */
  readonly dryRun?: boolean
  /** `false` (default) leaves out the `removed` events. */
  readonly list?: boolean
  /** Percent of the time that it may hold the write lock and the disk. Left out: half, while others write. */
  readonly pace?: number
}

export interface RepoApi {
  stat(): RepoStat
  check(options: CheckRequest): AsyncIterable<CheckEvent>
  /** Hashes every block again and gets back what is bad; goes on where an unfinished run was left. */
  scrub(options: ScrubRequest): AsyncIterable<ScrubEvent>
  gc(options: GcRequest): AsyncIterable<GcEvent>
}
