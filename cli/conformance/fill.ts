// Puts fixtures into a repository: blocks without pins, holes allowed, and records as they are.

import { readFileSync } from 'node:fs'
import type { CairnNode } from '../../src/api/node.ts'
import { parseCid } from '../../src/block/cid.ts'
import { verifyBlock } from '../../src/block/hash.ts'
import { isCairnError } from '../../src/errors.ts'
import { readInput } from '../input.ts'
import type { Io } from '../io.ts'
import type { Fixtures } from './fixtures.ts'

export interface FillOptions {
  readonly io: Io
  readonly signal: AbortSignal
}

export interface Filled {
  readonly blocks: number
  readonly records: number
  /** Files of records that are not valid, as some of a suite are on purpose. */
  readonly refused: readonly string[]
}

export async function fillNode(
  node: CairnNode,
  { cars, blocks, records }: Fixtures,
  { io, signal }: FillOptions,
): Promise<Filled> {
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
  const refused: string[] = []
  for (const { name, path } of records) {
    if (!(await putRecord(node, name, path, signal))) refused.push(path)
  }
  return { blocks: count, records: records.length - refused.length, refused }
}

async function putRecord(node: CairnNode, name: string, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    await node.names.put(name, readFileSync(path), { signal })
    return true
  } catch (error) {
    // Its name must not resolve then: that is what such a record is there to show.
    if (isCairnError(error, 'BAD_RECORD')) return false
    throw error
  }
}
