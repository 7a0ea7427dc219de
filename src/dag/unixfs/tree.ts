// A whole tree of folders, parents before children; it keeps the way down, not the paths (H22).

import type { CID } from 'multiformats/cid'
import type { DirectoryEntry, Entry, TreeEntry } from '../../api/content.ts'
import { RAW } from '../../block/cid.ts'
import type { BlockSource, BorrowedBlock, Wait } from '../../block/source.ts'
import { childSignal } from '../../block/waiting.ts'
import { CairnError } from '../../errors.ts'
import { enforce, LIMITS } from '../../limits.ts'
import { createPace } from '../../store/collect/pace.ts'
import { KiB } from '../../units.ts'
import { borrowBlock } from '../blocks.ts'
import { entryOf, whenKnown } from '../resolve.ts'
import { listDirectory } from './list.ts'

/** Entries looked at ahead below one folder, and in the whole walk. */
const READ_AHEAD = 8
const MAX_PENDING = 32
/** Files up to here come with their content, which would be looked up a second time otherwise. */
const SMALL_BYTES = 64 * KiB

export interface TreeOptions extends Wait {
  /** Folders and files in all, default `readVisits`: shared folders can make a small DAG an endless tree. */
  readonly maxEntries?: number
}

type Described = Entry & Pick<TreeEntry, 'bytes'> & { readonly release?: () => void }

const nothing = () => {}

interface Frame {
  readonly name: string
  readonly entries: AsyncGenerator<DirectoryEntry>
  isListed: boolean
  readonly pending: { readonly name: string; readonly entry: Described | Promise<Described> }[]
}

/** A root that is no folder is the only entry, with an empty path. */
export async function* walkTree(source: BlockSource, root: CID, options: TreeOptions): AsyncGenerator<TreeEntry> {
  const stop = new AbortController()
  const wait = { signal: childSignal(options.signal, stop.signal) }
  const pace = createPace(options.signal)
  const { maxEntries = LIMITS.readVisits.value } = options
  const frames: Frame[] = []
  const pending = { count: 0 }
  let visits = 0
  const open = (name: string, cid: CID) => {
    frames.push({ name, entries: listDirectory(source, cid, wait), isListed: false, pending: [] })
  }
  try {
    const top = await entryOf(source, root, wait)
    yield { ...top, path: [] }
    if (top.kind === 'directory') open('', root)
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      await pace()
      const next = await take(source, frame, pending, wait)
      if (next === undefined) {
        frames.pop()
        continue
      }
      if (++visits > maxEntries)
        throw new CairnError('LIMIT', `the tree below ${root} has more than ${maxEntries} entries`)
      const { release = nothing, ...entry } = await next.entry
      try {
        yield { ...entry, path: [...frames.slice(1).map(({ name }) => name), next.name] }
      } finally {
        release()
      }
      if (entry.kind !== 'directory') continue
      enforce('dagDepth', frames.length, `folders below ${root}`)
      open(next.name, entry.cid)
    }
  } finally {
    stop.abort()
    for (const { entries, pending } of frames) {
      for (const { entry } of pending) Promise.resolve(entry).then(({ release }) => release?.(), nothing)
      await entries.return(undefined)
    }
  }
}

async function take(
  source: BlockSource,
  frame: Frame,
  pending: { count: number },
  wait: Wait,
): Promise<Frame['pending'][number] | undefined> {
  while (!frame.isListed && frame.pending.length < READ_AHEAD) {
    if (frame.pending.length > 0 && pending.count >= MAX_PENDING) break
    const { value, done } = await frame.entries.next()
    if (done === true) frame.isListed = true
    else {
      frame.pending.push({ name: value.name, entry: describe(source, value, wait) })
      pending.count++
    }
  }
  if (frame.pending.length > 0) pending.count--
  return frame.pending.shift()
}

/** A failure comes when the entry's turn comes. */
function describe(
  source: BlockSource,
  { cid, totalBytes }: DirectoryEntry,
  wait: Wait,
): Described | Promise<Described> {
  try {
    // Whoever walks a tree reads its files next. What the link says of the size is a hint: there may be no more of it kept.
    const isSmall = cid.code === RAW && totalBytes > 0 && totalBytes <= SMALL_BYTES
    const entry = isSmall
      ? whenKnown(borrowBlock(source, cid, wait), block => small(cid, block))
      : entryOf(source, cid, wait)
    if (entry instanceof Promise) entry.catch(() => {})
    return entry
  } catch (error) {
    const failed = Promise.reject(error)
    failed.catch(() => {})
    return failed
  }
}

function small(cid: CID, { bytes, release }: BorrowedBlock): Described {
  const { byteLength } = bytes
  if (byteLength <= SMALL_BYTES) return { cid, kind: 'file', sizeBytes: byteLength, bytes, release }
  release()
  return { cid, kind: 'file', sizeBytes: byteLength }
}
