// Blocks as files, by blockstore-fs: its layout and deletion; ours is that a name appears only under the mutex (spec: store §4.4).
// A cached put that renamed whenever it is done could replace a synced file by one that a power cut empties.

import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { FsBlockstore } from 'blockstore-fs'
import { NextToLast } from 'blockstore-fs/sharding'
import { base32upper } from 'multiformats/bases/base32'
import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'
import { RAW } from '../../block/cid.ts'
import { repoPaths } from '../paths.ts'
import { explainDisk } from './disk-error.ts'
import { syncFolder } from './sync-folder.ts'

/** A block's bytes under a temporary name beside the name they will get. */
export interface StagedFile {
  readonly mh: Uint8Array
  readonly temp: string
  readonly file: string
  readonly synced: boolean
}

/** File names are multihashes, not CIDs: any hash function can be listed (H9). */
class ByMultihash extends NextToLast {
  override decode(file: string): CID {
    const name = basename(file, this.extension)
    return CID.createV1(RAW, decode(base32upper.decode(name)))
  }
}

const sharding = new ByMultihash()
const TEMP = /^\.(\d+)-\d+\.tmp$/
let temps = 0

export class BlockFiles extends FsBlockstore {
  readonly #root: string
  /** Folders whose names this process has made durable. */
  readonly #lasting = new Set<string>()

  constructor(path: string) {
    const root = repoPaths(path).blocks
    super(root, { shardingStrategy: sharding })
    this.#root = root
  }

  fileOf(mh: Uint8Array): string {
    const { dir, file } = sharding.encode(CID.createV1(RAW, decode(mh)))
    return join(this.#root, dir, file)
  }

  /** Writes the bytes beside their place; with `sync` they are durable when it resolves. */
  async stage(
    mh: Uint8Array,
    bytes: Uint8Array,
    { lease, sync }: { lease: number; sync: boolean },
  ): Promise<StagedFile> {
    const file = this.fileOf(mh)
    const temp = join(dirname(file), `.${lease}-${++temps}.tmp`)
    let handle: FileHandle | undefined
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
      if (sync) this.#makeLast(dirname(file))
      handle = await open(temp, 'wx', 0o600)
      await handle.writeFile(bytes)
      if (sync) await handle.datasync()
    } catch (error) {
      await abandon(handle, temp)
      throw explainDisk(error, temp)
    }
    await handle.close()
    return { mh, temp, file, synced: sync }
  }

  /** Whoever made it may have been the cache, which syncs nothing, or have died before its sync. */
  #makeLast(folder: string): void {
    if (this.#lasting.has(folder)) return
    syncFolder(this.#root)
    this.#lasting.add(folder)
  }

  /** Only in a write transaction that has seen what its row says, and before that transaction commits. */
  place({ temp, file, synced }: StagedFile): void {
    try {
      renameSync(temp, file)
      if (synced) syncFolder(dirname(file))
    } catch (error) {
      throw explainDisk(error, file)
    }
  }

  /** Does nothing if it was placed. */
  discard({ temp }: StagedFile): void {
    rmSync(temp, { force: true })
  }
}

async function abandon(handle: FileHandle | undefined, temp: string): Promise<void> {
  await handle?.close()
  await rm(temp, { force: true })
}

/** Removes what writers left half-written when they died; those that live keep theirs (spec: store §4.4). Returns how many. */
export function removeDeadTemps(path: string, isAlive: (lease: number) => boolean): number {
  const root = repoPaths(path).blocks
  const alive = new Map<number, boolean>()
  let removed = 0
  const shards = readdirSync(root, { withFileTypes: true }).filter(entry => entry.isDirectory())
  for (const { name: shard } of shards) {
    for (const name of readdirSync(join(root, shard))) {
      const lease = Number(TEMP.exec(name)?.[1] ?? Number.NaN)
      if (Number.isNaN(lease)) continue
      if (!alive.has(lease)) alive.set(lease, isAlive(lease))
      if (alive.get(lease) === true) continue
      rmSync(join(root, shard, name), { force: true })
      removed++
    }
  }
  return removed
}
