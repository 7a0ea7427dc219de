// Writing a tree to disk: what is safe is written, the rest is skipped and told.

import type { CID } from 'multiformats/cid'
import type { ContentApi, ContentWait, TreeEntry } from '../../api/content.ts'
import { isCairnError } from '../../errors.ts'
import { createPace } from '../../store/collect/pace.ts'
import { escapeName } from '../names.ts'
import { DiskTree } from './disk-tree.ts'
import { entryContent } from './entry-content.ts'

export interface ExtractOptions extends ContentWait {
  readonly content: Pick<ContentApi, 'tree' | 'read'>
  /** What is written: a file, or a folder with all below it. */
  readonly cid: CID
  /** The path that it becomes. It must not exist, unless as an empty folder. */
  readonly target: string
  readonly onProgress?: (progress: { readonly bytes: number; readonly entries: number }) => void
}

export interface SkippedEntry {
  /** Escaped for display. */
  readonly path: string
  readonly reason: string
}

export interface Extracted {
  readonly target: string
  readonly files: number
  readonly directories: number
  readonly symlinks: number
  readonly bytes: number
  /** The first of them; there may be very many. */
  readonly skipped: readonly SkippedEntry[]
  readonly skippedCount: number
}

const MAX_LISTED = 1000

/** A failed read removes the file it was for and ends the extraction; what was written before stays. */
export async function extractTree(options: ExtractOptions): Promise<Extracted> {
  const { content, cid, target } = options
  const extraction = new Extraction(options, new DiskTree(target))
  const wait = { signal: options.signal, ...(options.root === undefined ? {} : { root: options.root }) }
  const pace = createPace(options.signal)
  for await (const entry of content.tree(cid, wait)) {
    await pace()
    await extraction.write(entry)
  }
  extraction.leaveTo(0)
  return extraction.result()
}

class Extraction {
  readonly #options: ExtractOptions
  readonly #disk: DiskTree
  /** Folders being filled, outermost first: their metadata is due when they are left. */
  readonly #open: TreeEntry[] = []
  /** Length of the path of a folder that was skipped: what lies below it is, too. */
  #skipBelow = Number.POSITIVE_INFINITY
  readonly #counts = { files: 0, directories: 0, symlinks: 0, bytes: 0, skippedCount: 0 }
  readonly #skipped: SkippedEntry[] = []

  constructor(options: ExtractOptions, disk: DiskTree) {
    this.#options = options
    this.#disk = disk
  }

  async write(entry: TreeEntry): Promise<void> {
    const { path } = entry
    if (path.length > this.#skipBelow) return
    this.#skipBelow = Number.POSITIVE_INFINITY
    this.leaveTo(path.length)
    if (path.length === 0) this.#disk.begin(entry.kind)
    try {
      await this.#writeEntry(entry)
    } catch (error) {
      if (!isCairnError(error, 'UNSAFE_NAME')) throw error
      this.#skip(path, error.message)
    }
    this.#progress()
  }

  /** Finishes the folders that are deeper than the entry that comes next. */
  leaveTo(depth: number): void {
    while (this.#open.length > depth) {
      const left = this.#open.pop() as TreeEntry
      this.#disk.finishDirectory(left.path, left)
    }
  }

  result(): Extracted {
    return { target: this.#disk.target, ...this.#counts, skipped: this.#skipped }
  }

  async #writeEntry(entry: TreeEntry): Promise<void> {
    const { path, kind } = entry
    if (kind === 'directory') {
      if (path.length > 0) this.#disk.directory(path)
      this.#open.push(entry)
      this.#counts.directories++
    } else if (kind === 'file') {
      await this.#disk.file(path, this.#read(entry), entry)
      this.#counts.files++
    } else if (kind === 'symlink') {
      this.#disk.symlink(path, entry.target ?? '', entry)
      this.#counts.symlinks++
    } else this.#skip(path, 'it is neither file, folder nor symlink')
  }

  async *#read(entry: TreeEntry): AsyncGenerator<Uint8Array> {
    const { content, root = this.#options.cid, signal } = this.#options
    for await (const chunk of entryContent(content, entry, { signal, root, reuse: true })) {
      yield chunk
      this.#counts.bytes += chunk.byteLength
      this.#progress()
    }
  }

  #skip(path: readonly string[], reason: string): void {
    this.#skipBelow = path.length
    this.#counts.skippedCount++
    if (this.#skipped.length < MAX_LISTED) this.#skipped.push({ path: escapeName(path.join('/')), reason })
  }

  #progress(): void {
    const { bytes, files, directories, symlinks } = this.#counts
    this.#options.onProgress?.({ bytes, entries: files + directories + symlinks })
  }
}
