// Walks one local input, an entry a step: what is quick is done at once, what takes time is given back as a generator.

import { lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import type { AddEvent, WalkOptions } from '../../api/add.ts'
import { CairnError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { Folder } from './folder.ts'
import type { LeafMaker } from './leaf.ts'
import { type Filter, listFolder } from './listing.ts'
import { importLarge, importSmall, type LargeFile } from './local-file.ts'
import { forSymlink, type Metadata, metadataOf, NO_METADATA, readsStat } from './metadata.ts'
import { attempt, isSourceError, readFailed } from './source-error.ts'
import { writeSymlink } from './symlink.ts'
import type { Child } from './writer.ts'

export type Slow = AsyncGenerator<AddEvent, void>

/** One input being imported. Between steps, whoever drives it takes the events and pauses if the writer asks for it. */
export interface InputWalk {
  readonly events: AddEvent[]
  readonly isDone: boolean
  /** Set when it is done, unless the input was to be left out. */
  readonly root: Child | undefined
  step(): Slow | undefined
}

export interface WalkContext {
  readonly maker: LeafMaker
  readonly filter: Filter
  readonly options: WalkOptions
  readonly signal: AbortSignal
  /** Real paths of folders that are left out, wherever they come up. */
  readonly exclude: ReadonlySet<string>
  /** The inputs are entries of one more folder. */
  readonly isWrapped: boolean
  /** Takes the events of folders, which come after those of all files. */
  readonly folders: AddEvent[]
}

interface Place {
  readonly path: string
  /** The path without symlinks. */
  readonly real: string
  /** Its name in the folder around it. */
  readonly name: string
  /** What events call it. */
  readonly label: string
}

interface Frame extends Place {
  readonly folder: Folder
  readonly entries: readonly (Kind & { readonly name: string })[]
  next: number
}

/** What `Dirent` and `Stats` have in common. */
interface Kind {
  isFile(): boolean
  isDirectory(): boolean
  isSymbolicLink(): boolean
}

export class TreeWalk implements InputWalk {
  readonly events: AddEvent[] = []
  isDone = false
  root: Child | undefined
  readonly #context: WalkContext
  readonly #input: Place
  readonly #kind: Kind
  readonly #stack: Frame[] = []

  /** NOT_FOUND if there is nothing at `path`. */
  constructor(context: WalkContext, { path, name }: { path: string; name: string }) {
    this.#context = context
    const kind = attempt(path, () => lstatSync(path, { throwIfNoEntry: false }))
    if (kind === undefined) throw new CairnError('NOT_FOUND', `${path}: no such file or folder`)
    this.#kind = kind
    this.#input = { path, real: kind.isDirectory() ? realOf(path) : path, name, label: name }
  }

  /** What the input itself cannot give is thrown; what is inside a folder becomes an event, and the others go on. */
  step(): Slow | undefined {
    const frame = this.#stack.at(-1)
    if (frame === undefined) return this.#visit(this.#input, this.#kind)
    const entry = frame.entries[frame.next++]
    if (entry === undefined) return this.#close(frame)
    const place = below(frame, entry.name)
    try {
      return this.#visit(place, entry)
    } catch (error) {
      this.#fail(place.label, error)
      return undefined
    }
  }

  #visit(place: Place, kind: Kind, follow = false): Slow | undefined {
    if (kind.isFile()) return this.#file(place, follow)
    if (kind.isDirectory()) return this.#enter(place, follow)
    if (!kind.isSymbolicLink()) throw readFailed(place.path, 'pipes, sockets and devices are not read')
    if (this.#context.options.dereferenceSymlinks !== true) return this.#symlink(place)
    const target = attempt(place.path, () => statSync(place.path))
    const real = realOf(place.path)
    if (target.isDirectory()) this.#refuseLoop(place, real)
    return this.#visit({ ...place, real }, target, true)
  }

  #file(place: Place, follow: boolean): Slow | undefined {
    const result = importSmall(this.#context.maker, place.path, follow)
    if ('descriptor' in result) return this.#largeFile(place, result)
    this.#added(place, result.child, result.metadata)
    return undefined
  }

  async *#largeFile(place: Place, file: LargeFile): Slow {
    const { maker, signal } = this.#context
    try {
      const { child, metadata } = yield* withProgress(place.label, importLarge(maker, file, signal))
      this.#added(place, child, metadata)
    } catch (error) {
      this.#fail(place.label, error)
    }
  }

  #symlink(place: Place): undefined {
    const { writer } = this.#context.maker
    const target = attempt(place.path, () => readlinkSync(place.path, 'buffer'))
    const metadata = forSymlink(this.#metadata(place.path, false))
    this.#added(place, writeSymlink(writer, target, metadata), metadata)
  }

  #enter(place: Place, follow: boolean): undefined {
    const { exclude, filter, isWrapped, maker, options } = this.#context
    const depth = this.#stack.length
    if (exclude.has(place.real)) throw readFailed(place.path, 'it is left out, because it is written to')
    if (depth >= LIMITS.importDepth.value)
      throw readFailed(place.path, `it lies ${depth} folders deep, which is the limit`)
    const { entries, unsafe } = listFolder(place.path, filter)
    for (const { name, error } of unsafe) this.events.push({ type: 'failed', name: below(place, name).label, error })
    const isEmpty = entries.length === 0 && unsafe.length === 0
    if (isEmpty && options.emptyDirs === false && (depth > 0 || isWrapped)) {
      this.isDone = depth === 0
      return
    }
    const folder = new Folder(maker.writer, this.#metadata(place.path, follow))
    this.#stack.push({ ...place, folder, entries, next: 0 })
  }

  #close(frame: Frame): Slow | undefined {
    this.#stack.pop()
    const child = frame.folder.finish()
    if (child instanceof Promise) return this.#closeLater(frame, child)
    this.#closed(frame, child)
    return undefined
  }

  // biome-ignore lint/correctness/useYield: a step that only waits
  async *#closeLater(frame: Frame, child: Promise<Child>): Slow {
    this.#closed(frame, await child)
  }

  #closed(frame: Frame, child: Child): void {
    this.#context.folders.push(addedEvent(frame.label, child, frame.folder.metadata))
    this.#attach(frame, child)
  }

  #added(place: Place, child: Child, metadata: Metadata): void {
    this.events.push(addedEvent(place.label, child, metadata))
    this.#attach(place, child)
  }

  #attach(place: Place, child: Child): void {
    const parent = this.#stack.at(-1)
    parent?.folder.add(place.name, child)
    if (parent !== undefined) return
    this.root = child
    this.isDone = true
  }

  #fail(name: string, error: unknown): void {
    if (this.#stack.length === 0 || !isSourceError(error)) throw error
    this.events.push({ type: 'failed', name, error })
  }

  #metadata(path: string, follow: boolean): Metadata {
    const rules = this.#context.maker.writer.recipe.metadata
    if (!readsStat(rules)) return rules.forced
    return metadataOf(
      rules,
      attempt(path, () => (follow ? statSync : lstatSync)(path, { bigint: true })),
    )
  }

  /** A folder that is above this place, by whatever way, would be entered for ever. */
  #refuseLoop(place: Place, real: string): void {
    const inside = real === '/' ? real : `${real}/`
    if (this.#stack.some(frame => frame.real === real || frame.real.startsWith(inside)))
      throw readFailed(place.path, 'it links to a folder that it lies in')
  }
}

const below = ({ path, real, label }: Place, name: string): Place => ({
  path: `${path}/${name}`,
  real: `${real}/${name}`,
  name,
  label: label === '' ? name : `${label}/${name}`,
})

const realOf = (path: string): string => attempt(path, () => realpathSync(path))

/** Turns the numbers of a file being built into events. */
export async function* withProgress<T>(name: string, steps: AsyncGenerator<number, T>): AsyncGenerator<AddEvent, T> {
  try {
    for (;;) {
      const step = await steps.next()
      if (step.done === true) return step.value
      yield { type: 'progress', name, bytes: step.value }
    }
  } finally {
    // Someone who stops listening in the middle must not leave the file open.
    await steps.return(undefined as T)
  }
}

export const addedEvent = (name: string, { cid, totalBytes }: Child, metadata: Metadata = NO_METADATA): AddEvent => ({
  type: 'added',
  name,
  cid,
  totalBytes,
  ...metadata,
})
