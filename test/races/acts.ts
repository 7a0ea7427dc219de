// What the store is doing when it is cut, stopped or raced: each with something at stake before it begins.

import type { NewBlock } from '../../src/block/source.ts'
import { pinStatements } from '../../src/pins/pins.ts'
import type { Store } from '../../src/store/store.ts'
import { KiB } from '../../src/units.ts'
import type { MadeDag } from '../pins/dags.ts'
import { gc, pinsOf, withNetwork } from '../pins/support.ts'
import { leaf, node, openAt, putAll, WAIT } from '../store/support.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'

export interface Act {
  readonly name: string
  /** Pinned before it begins. */
  readonly kept: readonly NewBlock[]
  /** Pinned once it has ended. */
  readonly stored: readonly NewBlock[]
  /** Everything that it is about, to be added again afterwards. */
  readonly again: MadeDag
  prepare(path: string): Promise<void>
  /** Calls `acknowledge` when something more is stored. */
  run(path: string, acknowledge: (blocks: readonly NewBlock[]) => void): Promise<void>
}

export function over(...children: readonly NewBlock[]): MadeDag {
  const root = node(children.map(({ cid }) => cid))
  return { root: root.cid, blocks: [...children, root] }
}

export function networkOf(...dags: readonly MadeDag[]): MemoryBlocks {
  const network = new MemoryBlocks()
  for (const { blocks } of dags) for (const block of blocks) network.put(block)
  return network
}

/** Puts the blocks and pins the root in the last transaction of the same operation. */
export async function addPinned(store: Store, { root, blocks }: MadeDag): Promise<void> {
  await using operation = await store.begin('add')
  for (const block of blocks) await operation.put(block)
  await operation.finish(pinStatements([root], { mode: 'recursive', name: '' }))
}

async function withStore(path: string, work: (store: Store) => Promise<void>): Promise<void> {
  const store = await openAt(path, { cacheBytes: 0 })
  try {
    await work(store)
  } finally {
    await store[Symbol.asyncDispose]()
  }
}

const many = (seed: string, count: number, sizeBytes = 20 * KiB): NewBlock[] =>
  Array.from({ length: count }, (_, index) => leaf(`${seed} ${index}`, sizeBytes))

/** In a file as long as no pack is open, in a pack, inline. */
const single = over(leaf('single', 100 * KiB))
const bulk = over(...many('bulk', 8))
const small = over(leaf('small 1'), leaf('small 2'))
const shared = over(...many('shared', 6), leaf('shared file', 90 * KiB))
const all = (...dags: readonly MadeDag[]): MadeDag => {
  const root = node(dags.map(dag => dag.root))
  return { root: root.cid, blocks: [...dags.flatMap(({ blocks }) => blocks), root] }
}

const leaveUnpinned =
  (...dags: readonly MadeDag[]) =>
  (path: string) =>
    withStore(path, async store => {
      for (const { blocks } of dags) await putAll(store, blocks)
      await addPinned(store, KEPT)
    })

const KEPT = over(leaf('kept 1'), ...many('kept', 5))

const add: Act = {
  name: 'add',
  kept: KEPT.blocks,
  stored: [single, bulk, small, shared].flatMap(({ blocks }) => blocks),
  again: all(single, bulk, small, shared),
  prepare: leaveUnpinned(shared),
  run: (path, acknowledge) =>
    withStore(path, async store => {
      for (const dag of [single, bulk, small, shared]) {
        await addPinned(store, dag)
        acknowledge(dag.blocks)
      }
    }),
}

const pin: Act = {
  name: 'pin',
  kept: KEPT.blocks,
  stored: [single, bulk, shared].flatMap(({ blocks }) => blocks),
  again: all(single, bulk, shared),
  prepare: leaveUnpinned(shared),
  run: (path, acknowledge) =>
    withStore(path, async store => {
      const pins = pinsOf(store, withNetwork(store, networkOf(single, bulk, shared)))
      for (const dag of [single, shared, bulk]) {
        await pins.add(dag.root, WAIT)
        acknowledge(dag.blocks)
      }
    }),
}

const collect: Act = {
  name: 'gc',
  kept: KEPT.blocks,
  stored: [],
  again: all(single, bulk, small, shared),
  prepare: leaveUnpinned(single, bulk, small, shared),
  run: path => withStore(path, async store => void (await gc(store))),
}

/** One pack in which little lives. */
const survivors = many('sparse', 3)
const sparse = over(...survivors, ...many('dead', 9))

const compact: Act = {
  name: 'compaction',
  kept: [...KEPT.blocks, ...over(...survivors).blocks],
  stored: [],
  again: all(sparse, single),
  prepare: path =>
    withStore(path, async store => {
      await addPinned(store, sparse)
      await addPinned(store, over(...survivors))
      await addPinned(store, KEPT)
      await pinsOf(store).rm(sparse.root, WAIT)
    }),
  run: path => withStore(path, async store => void (await gc(store, { compactBelow: 0.99 }))),
}

export const ACTS: readonly Act[] = [add, pin, collect, compact]
