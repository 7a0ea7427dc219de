// Imports trees that come as a stream of entries, depth first: the body of a request.

import type { CID } from 'multiformats/cid'
import type { AddEvent, AddOptions, SourceEntry } from '../../api/add.ts'
import type { BlockSink } from '../../block/source.ts'
import { CairnError } from '../../errors.ts'
import { enforce } from '../../limits.ts'
import { buildFile } from './build-file.ts'
import { Folder } from './folder.ts'
import { inOrder } from './in-order.ts'
import { LeafMaker, leafRoom } from './leaf.ts'
import { sealJobs } from './local-file.ts'
import { forFile, forSymlink, type Metadata } from './metadata.ts'
import { recipeOf } from './recipe.ts'
import { SlabPool } from './slabs.ts'
import { writeSymlink } from './symlink.ts'
import { addedEvent, withProgress } from './tree-walk.ts'
import { BlockWriter, type Child } from './writer.ts'

/** A folder that is open: what comes next may lie in it. */
interface Frame {
  readonly name: string
  /** Its path, as events call it. */
  readonly label: string
  readonly folder: Folder
  readonly taken: Set<string>
  /** The events of the folders in it, by their names: told when all files are, in the order of names (as Kubo does). */
  readonly below: { readonly name: string; readonly events: readonly AddEvent[] }[]
}

/** Leaves being hashed while the next bytes arrive. */
const AT_ONCE = 8

/**
 * The content of an entry is read before the next entry is asked for. Folders may come without an entry of their own. An entry
 * of a folder that has been left is refused like a second entry of one name.
 */
export async function* importEntries(
  entries: AsyncIterable<SourceEntry>,
  options: AddOptions,
  sink: BlockSink,
): AsyncGenerator<AddEvent> {
  const tree = new EntryTree(options, sink)
  for await (const entry of entries) {
    options.signal.throwIfAborted()
    yield* tree.add(entry)
  }
  yield* tree.finish()
}

class EntryTree {
  readonly #writer: BlockWriter
  readonly #maker: LeafMaker
  readonly #wrapper: Frame | undefined
  readonly #stack: Frame[] = []
  readonly #roots: CID[] = []
  /** Events that wait to be told. */
  #ready: AddEvent[] = []

  constructor(options: AddOptions, sink: BlockSink) {
    const recipe = recipeOf(options)
    this.#writer = new BlockWriter({ recipe, sink, signal: options.signal })
    this.#maker = new LeafMaker(this.#writer, new SlabPool(leafRoom(recipe)))
    this.#wrapper = options.wrapWithDirectory === true ? this.#frame([], recipe.metadata.forced) : undefined
  }

  async *add(entry: SourceEntry): AsyncGenerator<AddEvent> {
    const { path, kind } = entry
    enforce('importDepth', path.length, 'folders inside folders')
    await this.#enterParent(path)
    const metadata = this.#metadataOf(entry)
    if (kind === 'directory') await this.#open(path, metadata)
    else if (kind === 'symlink') this.#place(path, await this.#symlink(entry, metadata), forSymlink(metadata))
    else this.#place(path, yield* this.#file(entry, forFile(metadata)), forFile(metadata))
    yield* this.#take()
  }

  async *finish(): AsyncGenerator<AddEvent> {
    while (this.#stack.length > 0) await this.#close()
    if (this.#wrapper !== undefined) {
      const root = await this.#wrapper.folder.finish()
      this.#ready.push(...eventsBelow(this.#wrapper), addedEvent('', root, this.#wrapper.folder.metadata))
      this.#roots.push(root.cid)
    }
    yield* this.#take()
    yield { type: 'done', roots: this.#roots, failed: 0 }
  }

  *#take(): Generator<AddEvent> {
    yield* this.#ready
    this.#ready = []
  }

  /** Leaves folders that this path does not lie in, and enters those on the way to it. */
  async #enterParent(path: readonly string[]): Promise<void> {
    const parent = path.slice(0, -1)
    let shared = 0
    while (shared < this.#stack.length && this.#stack[shared]?.name === parent[shared]) shared++
    while (this.#stack.length > shared) await this.#close()
    for (let depth = shared; depth < parent.length; depth++) {
      await this.#open(path.slice(0, depth + 1), this.#writer.recipe.metadata.forced)
    }
  }

  async #open(path: readonly string[], metadata: Metadata): Promise<void> {
    this.#claim(path.at(-1) ?? '')
    this.#stack.push(this.#frame(path, metadata))
    if (this.#writer.mustPause) await this.#writer.pause()
  }

  #frame(path: readonly string[], metadata: Metadata): Frame {
    const folder = new Folder(this.#writer, metadata)
    return { name: path.at(-1) ?? '', label: path.join('/'), folder, taken: new Set(), below: [] }
  }

  async #close(): Promise<void> {
    const frame = this.#stack.pop() as Frame
    const child = await frame.folder.finish()
    const events = [...eventsBelow(frame), addedEvent(frame.label, child, frame.folder.metadata)]
    const parent = this.#parent
    if (parent === undefined) this.#ready.push(...events)
    else parent.below.push({ name: frame.name, events })
    this.#attach(frame.name, child)
    if (this.#writer.mustPause) await this.#writer.pause()
  }

  #place(path: readonly string[], child: Child, metadata: Metadata): void {
    // Without a name it goes by its CID, as in Kubo.
    const name = path.at(-1) ?? child.cid.toString()
    if (path.length > 0) this.#claim(name)
    this.#ready.push(addedEvent(path.join('/') || name, child, metadata))
    this.#attach(name, child)
  }

  get #parent(): Frame | undefined {
    return this.#stack.at(-1) ?? this.#wrapper
  }

  #claim(name: string): void {
    const taken = this.#parent?.taken
    if (taken?.has(name)) throw new CairnError('BAD_REQUEST', 'directory already has entry by that name')
    taken?.add(name)
  }

  #attach(name: string, child: Child): void {
    const parent = this.#parent
    if (parent === undefined) this.#roots.push(child.cid)
    else parent.folder.add(name, child)
  }

  async *#file({ path, content }: SourceEntry, metadata: Metadata): AsyncGenerator<AddEvent, Child> {
    const leaves = inOrder(sealJobs(this.#maker, content, metadata), AT_ONCE)
    return yield* withProgress(path.join('/'), buildFile(this.#writer, leaves, metadata))
  }

  async #symlink({ content }: SourceEntry, metadata: Metadata): Promise<Child> {
    const pieces: Uint8Array[] = []
    let length = 0
    for await (const piece of content) {
      length += piece.length
      enforce('symlinkBytes', length, 'symlink target')
      pieces.push(Uint8Array.from(piece))
    }
    return writeSymlink(this.#writer, Buffer.concat(pieces), forSymlink(metadata))
  }

  #metadataOf({ mode, mtime }: SourceEntry): Metadata {
    const { forced, preserveMode, preserveMtime } = this.#writer.recipe.metadata
    return {
      ...forced,
      ...(preserveMode && mode !== undefined && { mode: mode & 0o7777 }),
      ...(preserveMtime && mtime !== undefined && { mtime }),
    }
  }
}

const eventsBelow = ({ below }: Frame): AddEvent[] =>
  below.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))).flatMap(({ events }) => events)
