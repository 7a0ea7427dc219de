// Puts fixtures into a repository: blocks without pins, holes allowed, and records as they are.

import { readFileSync } from 'node:fs'
import type { CairnNode } from '../../src/api/node.ts'
import { parseCid } from '../../src/block/cid.ts'
import { verifyBlock } from '../../src/block/hash.ts'
import { readInput } from '../input.ts'
import type { Io } from '../io.ts'
import type { Fixtures } from './fixtures.ts'

export interface FillOptions {
  readonly io: Io
  readonly signal: AbortSignal
}

export async function fillNode(
  node: CairnNode,
  { cars, blocks }: Fixtures,
  { io, signal }: FillOptions,
): Promise<{ blocks: number }> {
  let count = 0
  for (const path of cars) {
    const imported = await node.importCar(readInput(path, io), { pinRoots: false, signal })
    count += imported.blocks
  }
  for (const { name, path } of blocks) {
    const cid = parseCid(name)
    const bytes = readFileSync(path)
    verifyBlock(cid, bytes)
    await node.putBlocks([{ cid, bytes }], { signal })
    count++
  }
  return { blocks: count }
}
