// A repository with a block in each kind of place, and ways to damage it, for the tests of the check.

import { closeSync, openSync, writeSync } from 'node:fs'
import { pinStatements } from '../../src/pins/pins.ts'
import type { Store } from '../../src/store/store.ts'
import { BlockFiles } from '../../src/store/write/files.ts'
import { folder } from '../pins/dags.ts'
import { pinsOf } from '../pins/support.ts'
import { freshStore, leaf, openAt, putAll, WAIT } from './support.ts'

export const FILE = leaf('a single large block', 200_000)
export const CACHED = leaf('a cached block', 200_000)
export const PACKED = folder(['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7', 'p8', 'p9', 'p10'], 10_000)
export const INLINE = folder(['i1', 'i2'], 100)

/** One block and more in each kind of place, all of them rooted; closed and opened again. */
export async function filled(): Promise<Store> {
  const store = await freshStore()
  await putAll(store, [FILE])
  await store.cache(CACHED.cid, CACHED.bytes)
  for (const { blocks, root } of [PACKED, INLINE]) {
    await using operation = await store.begin('add')
    for (const block of blocks) await operation.put(block)
    await operation.finish(pinStatements([root], { mode: 'recursive', name: '' }))
  }
  await pinsOf(store).add(FILE.cid, WAIT)
  await store[Symbol.asyncDispose]()
  return openAt(store.path)
}

export interface Place {
  readonly pack: number
  readonly at: number
}

export const placeOf = (store: Store, mh: Uint8Array): Place =>
  store.database.get<Place>('SELECT pack, at FROM blocks WHERE mh = ?', mh)!
export const mhOf = (block: { cid: typeof FILE.cid }) => block.cid.multihash.bytes
export const fileOf = (store: Store, mh: Uint8Array) => new BlockFiles(store.path).fileOf(mh)
export const sql = (store: Store, text: string, ...params: (string | number | Uint8Array)[]) =>
  store.database.transact(tx => tx.run(text, ...params))

export function flip(file: string, at: number): void {
  const fd = openSync(file, 'r+')
  writeSync(fd, Buffer.from([0xa5, 0x5a, 0xa5]), 0, 3, at)
  closeSync(fd)
}
