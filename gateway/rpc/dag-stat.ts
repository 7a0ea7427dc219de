// dag/stat: blocks and bytes of DAGs, and how much of them is shared.

import type { CID } from 'multiformats/cid'
import type { ContentApi } from '../../src/api/content.ts'
import { walkDag } from '../../src/dag/walk.ts'
import { BlockSet } from './block-set.ts'
import { failure, messageOf } from './errors.ts'

interface StatOptions {
  readonly progress: boolean
  readonly signal: AbortSignal
  formatCid(cid: CID): string
}

interface RootStat {
  readonly cid: CID
  sizeBytes: number
  blocks: number
}

/** Kubo sends a line for each block; a DAG of millions gets one in so many. */
const EVERY_BLOCK_UP_TO = 1000

/** Progress documents if wanted, then the final one. */
export async function* dagStats(
  content: ContentApi,
  roots: readonly CID[],
  options: StatOptions,
): AsyncGenerator<unknown> {
  const stats: RootStat[] = []
  const seen = new BlockSet()
  let uniqueBytes = 0
  const summary = () => ({ uniqueBytes, uniqueBlocks: seen.size, stats })
  for (const root of roots) {
    const own: RootStat = { cid: root, sizeBytes: 0, blocks: 0 }
    stats.push(own)
    const source = content.blocks(root)
    // A leaf whose size is known need not be read to be counted.
    const readLeaves = (cid: CID) => source.size?.(cid) === undefined
    const walk = walkDag(source, root, { signal: options.signal, readLeaves })
    for await (const { cid, bytes } of explained(walk, options.signal)) {
      const sizeBytes = bytes?.byteLength ?? source.size?.(cid) ?? 0
      own.sizeBytes += sizeBytes
      own.blocks++
      if (seen.add(cid)) uniqueBytes += sizeBytes
      const isTold = own.blocks <= EVERY_BLOCK_UP_TO || own.blocks % EVERY_BLOCK_UP_TO === 0
      if (options.progress && isTold) yield progressDocument(summary(), options)
    }
  }
  yield finalDocument(summary(), options)
}

async function* explained<T>(walk: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  try {
    yield* walk
  } catch (error) {
    throw failure(`error traversing DAG: ${messageOf(error, signal)}`, error)
  }
}

interface Summary {
  readonly uniqueBytes: number
  readonly uniqueBlocks: number
  readonly stats: readonly RootStat[]
}

/** Zeros are left out, as Go does. */
const unlessZero = (name: string, amount: number) => (amount === 0 ? {} : { [name]: amount })

const rootDocuments = (stats: readonly RootStat[], { formatCid }: StatOptions) =>
  stats.map(({ cid, sizeBytes, blocks }) => ({
    Cid: formatCid(cid),
    ...unlessZero('Size', sizeBytes),
    ...unlessZero('NumBlocks', blocks),
  }))

const progressDocument = ({ stats }: Summary, options: StatOptions) => ({
  ...unlessZero(
    'TotalSize',
    stats.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  ),
  DagStats: rootDocuments(stats, options),
})

function finalDocument({ uniqueBytes, uniqueBlocks, stats }: Summary, options: StatOptions) {
  const allBytes = stats.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return {
    ...unlessZero('UniqueBlocks', uniqueBlocks),
    ...unlessZero('TotalSize', uniqueBytes),
    ...unlessZero('SharedSize', allBytes - uniqueBytes),
    // Kubo divides 0 by 0 for a DAG without a byte, and fails.
    Ratio: uniqueBytes === 0 ? 1 : asFloat32(allBytes / uniqueBytes),
    DagStats: rootDocuments(stats, options),
  }
}

/** The shortest decimal that is the same 32-bit float: how Go prints one. */
function asFloat32(ratio: number): number {
  const float = Math.fround(ratio)
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(float.toPrecision(digits))
    if (Math.fround(short) === float) return short
  }
  return Number(float.toPrecision(9))
}
