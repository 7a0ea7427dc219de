// The files of `blocks/` that are no row's: found folder by folder, told apart, and removed where nobody can need them.

import { readdirSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { base32upper } from 'multiformats/bases/base32'
import type { Transaction } from '../database/database.ts'
import { PLACE_FILE } from '../database/schema.ts'
import { repoPaths } from '../paths.ts'
import type { Store } from '../store.ts'
import { BlockFiles } from '../write/files.ts'
import { type GcWait, paceOf, transactGently } from './throttle.ts'

export type StrayFile =
  /** A process died between giving it its name and its commit. */
  | { readonly kind: 'orphan'; readonly file: string; readonly mh: Uint8Array }
  /** An unfinished write, of a living process or a dead one. */
  | { readonly kind: 'temp'; readonly file: string; readonly lease: number }
  | { readonly kind: 'unknown'; readonly file: string }

const TEMP_NAME = /^\.(\d+)-\d+\.tmp$/
const EXTENSION = '.data'

export async function* listStrayFiles(store: Store, wait: GcWait): AsyncGenerator<StrayFile> {
  const pace = paceOf(wait)
  const files = new BlockFiles(store.path)
  const root = repoPaths(store.path).blocks
  for (const shard of readdirSync(root, { withFileTypes: true })) {
    const folder = join(root, shard.name)
    if (!shard.isDirectory()) yield { kind: 'unknown', file: folder }
    for (const name of shard.isDirectory() ? readdirSync(folder) : []) {
      await pace()
      const stray = judge(store, files, join(folder, name))
      if (stray !== undefined && (await isStillStray(store, stray))) yield stray
    }
  }
}

/** Resolves with the bytes that this gave back. */
export async function removeOrphanFiles(store: Store, wait: GcWait): Promise<number> {
  let freedBytes = 0
  for await (const stray of listStrayFiles(store, wait)) {
    if (stray.kind !== 'orphan') continue
    freedBytes += await transactGently(store, wait, tx => {
      if (!isOrphan(tx, stray.mh)) return 0
      const size = statSync(stray.file, { throwIfNoEntry: false })?.size ?? 0
      rmSync(stray.file, { force: true })
      return size
    })
  }
  return freedBytes
}

function judge(store: Store, files: BlockFiles, file: string): StrayFile | undefined {
  const lease = TEMP_NAME.exec(basename(file))?.[1]
  if (lease !== undefined) return { kind: 'temp', file, lease: Number(lease) }
  const mh = multihashOf(files, file)
  if (mh === undefined) return { kind: 'unknown', file }
  return isOrphan(store.database, mh) ? { kind: 'orphan', file, mh } : undefined
}

/** A file gets its name inside the transaction that commits it: under the mutex there is none in between. */
async function isStillStray({ database }: Store, stray: StrayFile): Promise<boolean> {
  if (stray.kind !== 'orphan') return statSync(stray.file, { throwIfNoEntry: false }) !== undefined
  const look = (reader: Pick<Transaction, 'get'>) =>
    isOrphan(reader, stray.mh) && statSync(stray.file, { throwIfNoEntry: false }) !== undefined
  return database.readOnly ? look(database) : database.transact(look)
}

/** One that is in `dead` has somebody who will remove it. */
export function isOrphan(reader: Pick<Transaction, 'get'>, mh: Uint8Array): boolean {
  const row = reader.get<{ pack: number }>('SELECT pack FROM blocks WHERE mh = ?', mh)
  if (row?.pack === PLACE_FILE) return false
  return reader.get('SELECT 1 FROM dead WHERE pack = ? AND mh = ?', PLACE_FILE, mh) === undefined
}

/** Undefined if it is not the name that a block's file has, in the folder where it belongs. */
function multihashOf(files: BlockFiles, file: string): Uint8Array | undefined {
  try {
    const mh = base32upper.decode(basename(file, EXTENSION))
    return files.fileOf(mh) === file ? mh : undefined
  } catch {
    // No multibase, or no multihash in it.
    return undefined
  }
}
