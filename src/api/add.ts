// Bringing content in: what may be added, how it becomes blocks, what is told on the way.

import type { CID } from 'multiformats/cid'
import type { Wait } from '../block/source.ts'
import type { Entry } from './content.ts'

/** `kubo-default`: Kubo's `add` without a profile. As `unixfs-v0-2015`, except that CIDv1 brings raw leaves and other hashes bring CIDv1. */
export type ImportProfile = 'unixfs-v1-2025' | 'unixfs-v0-2015' | 'kubo-default'

/** How files become blocks; names and meanings are those of `ipfs add`. Unset ones follow the profile. */
export interface ImportOptions {
  readonly profile?: ImportProfile
  readonly cidVersion?: 0 | 1
  readonly rawLeaves?: boolean
  readonly chunker?: string
  readonly hash?: string
  readonly trickle?: boolean
  readonly inline?: boolean
  readonly inlineLimit?: number
  readonly maxFileLinks?: number
  readonly maxDirectoryLinks?: number
  readonly maxHamtFanout?: number
  readonly wrapWithDirectory?: boolean
  readonly preserveMode?: boolean
  readonly preserveMtime?: boolean
  readonly mode?: number
  readonly mtime?: number
  readonly mtimeNsecs?: number
}

/** Something to add. Local paths are walked by the importer itself, synchronously and fast. */
export type ImportSource =
  | { readonly kind: 'path'; readonly path: string; readonly name?: string }
  | { readonly kind: 'stream'; readonly name: string; readonly content: AsyncIterable<Uint8Array> }
  /** Whole trees as they come, each root under its own name; it must be the only source. */
  | { readonly kind: 'entries'; readonly name?: undefined; readonly entries: AsyncIterable<SourceEntry> }

/** One entry of a streamed tree, depth first; folders need no entry of their own. Mode and mtime are for `preserveMode` and `preserveMtime`. */
export interface SourceEntry extends Pick<Entry, 'mode' | 'mtime'> {
  /** From its root on; empty for a single file without a name. */
  readonly path: readonly string[]
  readonly kind: 'file' | 'directory' | 'symlink'
  /** The bytes of a file, or where a symlink points. */
  readonly content: AsyncIterable<Uint8Array>
}

/** Which files of a local folder are taken. */
export interface WalkOptions {
  readonly hidden?: boolean
  readonly ignore?: readonly string[]
  readonly ignoreRulesPath?: string
  readonly dereferenceArgs?: boolean
  readonly dereferenceSymlinks?: boolean
  readonly emptyDirs?: boolean
  /** Folders never entered, wherever they come up: the repository that the blocks are written to. */
  readonly exclude?: readonly string[]
}

export interface AddOptions extends ImportOptions, WalkOptions, Wait {
  readonly onlyHash?: boolean
  /** Default true: pin the roots recursively, in the transaction that makes the add durable. */
  readonly pin?: boolean
  readonly pinName?: string
  /** MFS path to link the result at. */
  readonly toFiles?: string
}

export interface AddedEvent extends Pick<Entry, 'cid' | 'mode' | 'mtime'> {
  readonly type: 'added'
  /** Path below what was added, with its first segment; '' for the wrapping folder. */
  readonly name: string
  /** Cumulative size of the DAG. */
  readonly totalBytes: number
}

export type AddEvent =
  | { readonly type: 'progress'; readonly name: string; readonly bytes: number }
  | AddedEvent
  /** An entry that could not be read; the others go on, and `done` says how many. */
  | { readonly type: 'failed'; readonly name: string; readonly error: Error }
  /** The last event: everything is durable now. `roots` in the order of the inputs. */
  | { readonly type: 'done'; readonly roots: readonly CID[]; readonly failed: number }

export interface CarImported {
  readonly roots: readonly {
    readonly cid: CID /** '' when it is pinned, or why it is not. */
    readonly pinError: string
  }[]
  readonly blocks: number
  readonly bytes: number
}
