// CairnNode: everything the command line and the gateway may ask of a node. LocalNode (node.ts) implements it.

import type { CID } from 'multiformats/cid'
import type { BlockSource, Wait } from './block/source.ts'

export type { Wait } from './block/source.ts'

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
  /** The CID of every block on the way, from the root to the entry (for X-Ipfs-Roots and Etag). */
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

export type PinMode = 'recursive' | 'direct'
export type PinStatus = 'queued' | 'pinning' | 'pinned' | 'failed'

export interface Pin {
  readonly id: number
  readonly cid: CID
  readonly mode: PinMode
  readonly name: string
  readonly status: PinStatus
  /** Milliseconds since the epoch. */
  readonly created: number
}

export type PinProgress = { readonly blocks: number; readonly bytes: number; readonly fetched: number }

export interface PinsApi {
  /** Resolves when everything below is here, kept and durable. */
  add(
    cid: CID,
    options: Wait & { mode?: PinMode; name?: string; onProgress?: (progress: PinProgress) => void },
  ): Promise<Pin>
  /** Removes the pins of this CID (of that name, if given); NOT_PINNED if there is none. */
  rm(cid: CID, options: Wait & { name?: string; mode?: PinMode }): Promise<void>
  /** In order of id, paged inside: holds no transaction between entries. `cid` filters; `name` matches a substring. */
  ls(options: Wait & { cid?: CID; mode?: PinMode; name?: string; status?: PinStatus }): AsyncIterable<Pin>
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
}

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
  /** Processes that hold a lease now. */
  readonly writers: readonly { readonly pid: number; readonly since: number }[]
}

export type CheckFinding = {
  readonly severity: 'error' | 'note'
  /** A stable word for scripts: `missing-bytes`, `bad-hash`, `orphan-file`, `wrong-counter`, … */
  readonly kind: string
  readonly what: string
}
export type CheckEvent =
  | { readonly type: 'finding'; readonly finding: CheckFinding }
  | { readonly type: 'progress'; readonly stage: string; readonly done: number; readonly total: number }
  | {
      readonly type: 'done'
      readonly errors: number
      readonly notes: number
      readonly blocks: number
      readonly bytesRead: number
    }

export type GcEvent =
  | { readonly type: 'marked'; readonly roots: number; readonly blocks: number; readonly ms: number }
  | { readonly type: 'removed'; readonly cid: CID; readonly sizeBytes: number }
  | {
      readonly type: 'done'
      readonly removedBlocks: number
      readonly removedBytes: number
      readonly freedBytes: number
      readonly ms: number
    }

export interface RepoApi {
  stat(): RepoStat
  check(options: Wait & { readData?: boolean }): AsyncIterable<CheckEvent>
  /** `list: false` (default) leaves out the `removed` events. */
  gc(options: Wait & { dryRun?: boolean; list?: boolean }): AsyncIterable<GcEvent>
}

export interface NodeId {
  readonly id: string
  readonly publicKey: string
  readonly addresses: readonly string[]
  readonly agentVersion: string
  readonly protocols: readonly string[]
}

export interface PeerInfo {
  readonly id: string
  readonly address: string
  readonly direction: 'inbound' | 'outbound'
  readonly latencyMs?: number
  readonly agentVersion?: string
  readonly protocols: readonly string[]
}

export interface SwarmApi {
  peers(options: Wait): Promise<readonly PeerInfo[]>
  connect(address: string, options: Wait): Promise<{ id: string }>
}

export interface CairnNode extends AsyncDisposable {
  readonly content: ContentApi
  readonly pins: PinsApi
  readonly repo: RepoApi
  readonly swarm: SwarmApi
  readonly version: string
  id(options: Wait): Promise<NodeId>
  add(sources: readonly ImportSource[], options: AddOptions): AsyncIterable<AddEvent>
  /** Blocks that were hashed and found good: kept, durable when it resolves, safe from collection for `store.grace`. */
  putBlocks(blocks: readonly { cid: CID; bytes: Uint8Array }[], options: Wait): Promise<void>
  /** Removes a block that no pin keeps; FORBIDDEN if one does. */
  removeBlock(cid: CID, options: Wait & { force?: boolean }): Promise<void>
  importCar(
    content: AsyncIterable<Uint8Array>,
    options: Wait & { pinRoots?: boolean; onProgress?: (p: { blocks: number; bytes: number }) => void },
  ): Promise<CarImported>
  dagStat(cid: CID, options: Wait): Promise<{ blocks: number; totalBytes: number }>
}

export interface CarImported {
  readonly roots: readonly {
    readonly cid: CID /** '' when it is pinned, or why it is not. */
    readonly pinError: string
  }[]
  readonly blocks: number
  readonly bytes: number
}
