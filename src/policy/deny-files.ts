// The denylists of a repository as files: which there are, in which order they count, and what has changed since they were read.

import { type BigIntStats, readdirSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import type { Config } from '../config/schema.ts'
import { isCairnError, toCairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../observe/log.ts'
import type { CompiledList } from './compiled-list.ts'
import { denyPaths, OWN, subscribedFile } from './deny-paths.ts'
import type { NamedList } from './denylist.ts'
import { readList, readListNow } from './read-list.ts'

export interface ListFile {
  /** As rule ids name it. */
  readonly name: string
  readonly path: string
  /** Where it comes from. */
  readonly url?: string
}

export interface LoadedFile extends ListFile {
  /** Changes with the file. */
  readonly stamp: string
  /** The last copy that could be used; undefined if there has been none. */
  readonly list: CompiledList | undefined
  /** Why the file as it is now is not used. */
  readonly error?: string
}

export interface DenyFilesOptions {
  readonly repo: string
  readonly config: Config['deny']
  readonly log: Logger
}

export class DenyFiles {
  readonly #options: DenyFilesOptions
  #loaded: readonly LoadedFile[] = []

  constructor(options: DenyFilesOptions) {
    this.#options = options
  }

  get loaded(): readonly LoadedFile[] {
    return this.#loaded
  }

  /** All of them, before anything else happens. */
  loadNow(): readonly NamedList[] {
    this.#loaded = this.#found().map(({ file, stamp }) => this.#outcome(file, stamp, () => readListNow(file.path)))
    return named(this.#loaded)
  }

  /** What has changed is read again; undefined if nothing has. A file that is no good leaves what was read of it before in force. */
  async refresh(signal: AbortSignal): Promise<readonly NamedList[] | undefined> {
    const found = this.#found()
    const before = new Map(this.#loaded.map(loaded => [loaded.path, loaded]))
    const isSame = ({ file, stamp }: Found, index: number) =>
      this.#loaded[index]?.path === file.path && this.#loaded[index]?.stamp === stamp
    if (found.length === this.#loaded.length && found.every(isSame)) return undefined
    const loaded: LoadedFile[] = []
    for (const { file, stamp } of found) {
      const known = before.get(file.path)
      if (known?.stamp === stamp) loaded.push(known)
      else {
        const list = await readList(file.path, signal).catch((error: unknown) => toCairnError(error))
        signal.throwIfAborted()
        loaded.push(
          this.#outcome(
            file,
            stamp,
            () => {
              if (isCairnError(list)) throw list
              return list as CompiledList
            },
            known,
          ),
        )
      }
    }
    this.#loaded = loaded
    return named(loaded)
  }

  #outcome(file: ListFile, stamp: string, read: () => CompiledList, before?: LoadedFile): LoadedFile {
    const { log } = this.#options
    try {
      const list = read()
      if (list.badLines > 0)
        log.warn('a denylist has lines that are no rules', {
          file: file.path,
          lines: list.badLines,
          first: list.problems.slice(0, 5).map(({ line, what }) => `line ${line} ${what}`),
        })
      return { ...file, stamp, list }
    } catch (error) {
      log.error('a denylist is not used', { file: file.path, err: error, before: before?.list?.ruleCount ?? 0 })
      return { ...file, stamp, list: before?.list, error: (error as Error).message }
    }
  }

  /** From the weakest to the strongest: what others publish, what the configuration names, what lies in the repository. */
  #found(): Found[] {
    const { repo, config } = this.#options
    const { folder } = denyPaths(repo)
    const own = filesIn(folder)
    const listed = config.files.map(path => resolve(repo, path))
    const files = [
      ...config.subscriptions.map(url => ({ name: nameOfUrl(url), path: subscribedFile(repo, url), url })),
      ...listed.flatMap(path => (isFolder(path) ? filesIn(path) : [path]).map(asFile)),
      ...own.filter(path => basename(path) !== OWN).map(asFile),
      ...own.filter(path => basename(path) === OWN).map(asFile),
    ]
    return files.slice(0, LIMITS.denyLists.value).flatMap(file => {
      const stamp = stampOf(file.path)
      // A subscription that never came has no file; one that the configuration names has to be there.
      if (stamp === undefined && !listed.includes(file.path)) return []
      return [{ file, stamp: stamp ?? 'missing' }]
    })
  }
}

interface Found {
  readonly file: ListFile
  readonly stamp: string
}

const named = (loaded: readonly LoadedFile[]): NamedList[] =>
  loaded.flatMap(({ name, list }) => (list === undefined ? [] : [{ name, list }]))

const asFile = (path: string): ListFile => ({ name: basename(path).replace(/\.deny$/, ''), path })

export function nameOfUrl(url: string): string {
  try {
    const { host, pathname } = new URL(url)
    return host + pathname.replace(/\.deny$/, '')
  } catch {
    return url
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter(name => name.endsWith('.deny') && !name.startsWith('.'))
      .sort()
      .map(name => join(folder, name))
  } catch {
    return []
  }
}

const statOf = (path: string): BigIntStats | undefined => statSync(path, { bigint: true, throwIfNoEntry: false })

const isFolder = (path: string): boolean => {
  try {
    return statOf(path)?.isDirectory() === true
  } catch {
    return false
  }
}

/** Undefined if it is not there. */
function stampOf(path: string): string | undefined {
  try {
    const stat = statOf(path)
    return stat === undefined ? undefined : `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`
  } catch (error) {
    return `unreadable: ${(error as NodeJS.ErrnoException).code}`
  }
}
