// A sharded folder of any number of entries, and the CAR that brings it into a repository; its entries all are one small file.

import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { CID } from 'multiformats/cid'
import { exportCar } from '../../src/dag/car/car-write.ts'
import { Folder } from '../../src/dag/import/folder.ts'
import { NO_METADATA } from '../../src/dag/import/metadata.ts'
import { recipeOf } from '../../src/dag/import/recipe.ts'
import { BlockWriter } from '../../src/dag/import/writer.ts'
import { putFile, signal, someBytes, wait } from '../support/dags.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'

export const nameOf = (index: number): string => `entry-${String(index).padStart(7, '0')}.txt`
export const CONTENT = someBytes(100, 7)

export async function writeBigFolder(file: string, count: number): Promise<{ root: CID; blocks: number }> {
  const memory = new MemoryBlocks({ peekable: true })
  const cid = await putFile(memory, CONTENT, { version: 1, chunk: 1024, width: 10 })
  const folder = new Folder(new BlockWriter({ recipe: recipeOf({}), sink: memory, signal }), NO_METADATA)
  for (let index = 0; index < count; index++) folder.add(nameOf(index), { cid, totalBytes: CONTENT.byteLength })
  const root = (await folder.finish()).cid
  await pipeline(Readable.from(exportCar(memory, { root, segments: [] }, wait)), createWriteStream(file))
  return { root, blocks: memory.blocks.size }
}
