// A new folder tree on disk, from names and links that others chose: nothing is written outside of it or over anything.

import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  futimesSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  type Stats,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Entry } from '../../api/content.ts'
import { CairnError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { explainPlace, makeFolders } from '../../writable.ts'
import { checkName, escapeName } from '../names.ts'

/** Neither set-user-id nor its kin come from others. */
const PERMISSIONS = 0o777

/** What the file system says of a name that it cannot take, or that is taken. */
const NAME_REFUSED = new Set(['EEXIST', 'ENAMETOOLONG', 'EINVAL', 'EILSEQ'])

type Metadata = Pick<Entry, 'mode' | 'mtime'>

/**
 * Safe without asking the disk about each parent: every folder written into was made here by a `mkdir` that failed
 * on anything that was there, links included, and every file by an exclusive open.
 */
export class DiskTree {
  readonly target: string

  constructor(target: string) {
    this.target = resolve(target)
  }

  /** USAGE if there is something at the target already; an empty folder will do for a folder. */
  begin(kind: Entry['kind']): void {
    const existing = this.#prepare(kind)
    if (existing === undefined) return
    if (kind === 'directory' && existing.isDirectory() && readdirSync(this.target).length === 0) return
    throw new CairnError('USAGE', `${this.target} exists already`, {
      hint: 'choose another place with --output, or move it away',
    })
  }

  /** What is at the target already; else makes what lies above it, and a folder for a folder. */
  #prepare(kind: Entry['kind']): Stats | undefined {
    try {
      makeFolders(dirname(this.target))
      const existing = lstatSync(this.target, { throwIfNoEntry: false })
      if (existing === undefined && kind === 'directory') mkdirSync(this.target)
      return existing
    } catch (error) {
      throw explainPlace(error, this.target)
    }
  }

  directory(path: readonly string[]): void {
    const place = this.#place(path)
    refusing(place, () => mkdirSync(place))
  }

  /** Metadata of a folder comes last: what is written into it would change its time, and its mode may forbid writing. */
  finishDirectory(path: readonly string[], { mode, mtime }: Metadata): void {
    if (mode !== undefined) chmodSync(join(this.target, ...path), mode & PERMISSIONS)
    if (mtime !== undefined) utimesSync(join(this.target, ...path), toSeconds(mtime), toSeconds(mtime))
  }

  /** Its content in pieces; what was begun is removed again if the content fails. */
  async file(path: readonly string[], content: AsyncIterable<Uint8Array>, { mode, mtime }: Metadata): Promise<void> {
    const place = this.#place(path)
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
    const descriptor = refusing(place, () => openSync(place, flags, 0o666))
    let isWhole = false
    try {
      for await (const chunk of content) writeAll(descriptor, chunk)
      if (mode !== undefined) fchmodSync(descriptor, mode & PERMISSIONS)
      if (mtime !== undefined) futimesSync(descriptor, toSeconds(mtime), toSeconds(mtime))
      isWhole = true
    } finally {
      closeSync(descriptor)
      if (!isWhole) unlinkSync(place)
    }
  }

  symlink(path: readonly string[], to: string, { mtime }: Metadata): void {
    checkLink(path, to)
    const place = this.#place(path)
    refusing(place, () => symlinkSync(to, place))
    if (mtime !== undefined) lutimesSync(place, toSeconds(mtime), toSeconds(mtime))
  }

  /** Only the last name is new: those before it are folders that were made here. */
  #place(path: readonly string[]): string {
    const name = path.at(-1)
    if (name === undefined) return this.target
    checkName(name)
    return join(this.target, ...path)
  }
}

/**
 * UNSAFE_NAME unless the link stays inside: relative, and `..` in front only. Behind a name, which may be a link itself,
 * `..` would lead from wherever that link ends.
 */
function checkLink(path: readonly string[], to: string): void {
  const refuse = (why: string) => {
    throw new CairnError('UNSAFE_NAME', `the symlink to "${escapeName(to.slice(0, 200))}" ${why}`)
  }
  if (path.length === 0) refuse('would be all there is, and leads out of it')
  if (to === '' || to.includes('\0') || to.includes('\ufffd')) refuse('has a target that is no path')
  if (Buffer.byteLength(to) > LIMITS.symlinkBytes.value) refuse(`is longer than ${LIMITS.symlinkBytes.value} bytes`)
  if (to.startsWith('/') || (process.platform === 'win32' && /^[\\/]|^[a-z]:/i.test(to))) refuse('is absolute')
  const steps = to.split('/').filter(step => step !== '' && step !== '.')
  const ups = steps.findIndex(step => step !== '..')
  const up = ups < 0 ? steps.length : ups
  if (up > path.length - 1) refuse('leads out of the folder that is fetched')
  if (steps.slice(up).includes('..')) refuse('goes up behind a name')
}

/** A name that the disk refuses is the fault of whoever chose it; all else is the disk's. */
function refusing<T>(place: string, write: () => T): T {
  try {
    return write()
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException
    if (!NAME_REFUSED.has(code)) throw explainPlace(cause, place)
    const what = code === 'EEXIST' ? 'the name is taken by another entry' : `the disk refuses the name: ${message}`
    throw new CairnError('UNSAFE_NAME', what, { cause })
  }
}

function writeAll(descriptor: number, chunk: Uint8Array): void {
  for (let written = 0; written < chunk.byteLength; ) written += writeSync(descriptor, chunk, written)
}

const toSeconds = ({ secs, nsecs }: { readonly secs: bigint; readonly nsecs: number }): number =>
  Number(secs) + nsecs / 1e9
