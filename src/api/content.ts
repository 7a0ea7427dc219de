// Content as a node offers it: paths, entries, bytes of files, CARs.

import type { CID } from 'multiformats/cid'
import type { BlockSource, Wait } from '../block/source.ts'

/** A content path, parsed once: `/ipfs/<root>/<segments…>`. Segments are decoded names. */
export interface ContentPath {
  readonly root: CID
  readonly segments: readonly string[]
}

export type EntryKind = 'file' | 'directory' | 'symlink' | 'other'

/** What a path leads to. */
export interface Entry {
  readonly cid: CID
  readonly kind: EntryKind
  /** Files: length of the content. Symlinks: length of the target. Directories and others: bytes of the block. */
  readonly sizeBytes: number
  readonly mode?: number
  readonly mtime?: { readonly secs: bigint; readonly nsecs: number }
  /** Symlinks only: where it points, as stored. */
  readonly target?: string
}

export interface Resolved extends Entry {
  /** The block that each segment of the path led to, the root first; inside a document that is the document again. */
  readonly roots: readonly CID[]
  /** Segments left when the path goes on inside an IPLD document (dag-cbor, dag-json). */
  readonly remainder: readonly string[]
}

export interface DirectoryEntry {
  readonly name: string
  readonly cid: CID
  /** Cumulative size of the DAG below, as the link says (`Tsize`); 0 if it says nothing. */
  readonly totalBytes: number
}

/** One step of a whole tree, parents before children. `path` is relative to the root; '' is the root itself. */
export interface TreeEntry extends Entry {
  readonly path: readonly string[]
  /** Small files that are one block and nothing else: their content, which was read on the way; good until the next entry is asked for. */
  readonly bytes?: Uint8Array
}

export interface ContentWait extends Wait {
  /** The content root it was reached from: one network session serves everything below it. Default: the CID itself. */
  readonly root?: CID
}

export interface ReadOptions extends ContentWait {
  /** First byte, default 0. */
  readonly offset?: number
  /** Bytes to read, default to the end. */
  readonly length?: number
  /** The reader is done with a chunk when it asks for the next: lets buffers be reused (2 × faster for large files). */
  readonly reuse?: boolean
}

export interface CarOptions extends Wait, Pick<ReadOptions, 'reuse'> {
  /** `all` (default): the whole DAG; `entity`: what the terminal entity needs; `block`: the terminal block alone. */
  readonly scope?: 'all' | 'entity' | 'block'
  /** Of a file, what these bytes need, both ends inclusive; only with `scope: 'entity'`, and ignored by what is no file. */
  readonly bytes?: { readonly from: number; readonly to: number }
  /** A block is written each time the walk meets it, not only the first. */
  readonly duplicates?: boolean
  /** Default true, as Kubo's `dag export`: identity CIDs get sections, too. Gateways leave them out. */
  readonly identity?: boolean
  /** Leaves out blocks that cannot be had, instead of failing: no longer a whole DAG. */
  readonly skipMissing?: boolean
}

export interface ContentApi {
  resolve(path: ContentPath, options: Wait): Promise<Resolved>
  read(cid: CID, options: ReadOptions): AsyncIterable<Uint8Array>
  /** Entries in stored order: sorted by name for plain folders, by hash for sharded ones. */
  list(cid: CID, options: ContentWait): AsyncIterable<DirectoryEntry>
  tree(cid: CID, options: ContentWait): AsyncIterable<TreeEntry>
  /** The entry behind a CID, without a path. */
  stat(cid: CID, options: ContentWait): Promise<Entry>
  exportCar(path: ContentPath, options: CarOptions): AsyncIterable<Uint8Array>
  /** The blocks of this node: local ones first, then, if online, one network session for `root`. */
  blocks(root: CID): BlockSource
  /** The blocks of this node's disk alone. */
  readonly local: BlockSource
}
