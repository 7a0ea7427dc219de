// Every block that lies in a file of its own, hashed in full and made durable (spec: store §4.6).

import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { base32upper } from 'multiformats/bases/base32'
import type { Wait } from '../../block/source.ts'
import { LIMITS } from '../../limits.ts'
import { createPace } from '../collect/pace.ts'
import { repoPaths } from '../paths.ts'
import { BlockFiles } from '../write/files.ts'
import { syncFile, syncFolder } from '../write/sync-folder.ts'
import { hashesTo, mayHaveLinks } from './judge.ts'
import type { FoundBlock } from './scan-pack.ts'

export type FoundFile =
  | { readonly type: 'folder'; readonly done: number; readonly total: number }
  | { readonly type: 'block'; readonly block: FoundBlock }
  | { readonly type: 'bad'; readonly file: string }

const TEMP = /^\.\d+-\d+\.tmp$/
const EXTENSION = '.data'

/** To be called when nobody writes: half-written files are removed. */
export async function* scanFiles(path: string, { signal }: Wait): AsyncGenerator<FoundFile> {
  const pace = createPace(signal)
  const files = new BlockFiles(path)
  const root = repoPaths(path).blocks
  const shards = readdirSync(root, { withFileTypes: true }).filter(entry => entry.isDirectory())
  for (const [done, shard] of shards.entries()) {
    yield { type: 'folder', done, total: shards.length }
    const folder = join(root, shard.name)
    for (const name of readdirSync(folder)) {
      await pace()
      const file = join(folder, name)
      if (TEMP.test(name)) rmSync(file, { force: true })
      else if (name.endsWith(EXTENSION)) yield judge(files, file)
    }
    syncFolder(folder)
  }
  syncFolder(root)
}

function judge(files: BlockFiles, file: string): FoundFile {
  const mh = multihashOf(files, file)
  if (mh === undefined || statSync(file).size > LIMITS.blockBytes.value) return { type: 'bad', file }
  const bytes = readFileSync(file)
  if (!hashesTo(mh, bytes)) return { type: 'bad', file }
  // It may have been of the cache, never synced: what is kept from here on is.
  syncFile(file)
  const block = { mh, size: bytes.byteLength, crc: crc32(bytes), links: mayHaveLinks(bytes) ? 1 : 0, bytes }
  return { type: 'block', block }
}

/** Undefined if it is not the name of a block's file, in the folder where it belongs. */
function multihashOf(files: BlockFiles, file: string): Uint8Array | undefined {
  try {
    const mh = base32upper.decode(basename(file, EXTENSION))
    return files.fileOf(mh) === file ? mh : undefined
  } catch {
    // No multibase, or no multihash in it.
    return undefined
  }
}
