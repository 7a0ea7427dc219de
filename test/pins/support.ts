// Pins over a store, collections, and a network that is a map, for the tests of pins.

import { CID } from 'multiformats/cid'
import * as assert from 'uvu/assert'
import type { Pin, PinsApi } from '../../src/api/pins.ts'
import type { GcEvent } from '../../src/api/repo.ts'
import type { BlockSource, NewBlock } from '../../src/block/source.ts'
import { SILENT } from '../../src/observe/log.ts'
import { collectGarbage, type GcOptions } from '../../src/pins/gc.ts'
import { createPins } from '../../src/pins/pins.ts'
import { type CheckOptions, checkRepo } from '../../src/store/check/check.ts'
import type { Store } from '../../src/store/store.ts'
import { assertBooks, WAIT } from '../store/support.ts'
import type { MemoryBlocks } from '../support/memory-blocks.ts'

export const pinsOf = (store: Store, source: BlockSource = store): PinsApi =>
  createPins({ store, sourceFor: () => source, log: SILENT })

/** The store first, then the blocks in memory. */
export function withNetwork(store: Store, network: MemoryBlocks): BlockSource {
  return {
    get: (cid, wait) => (store.has(cid) ? store.get(cid, wait) : network.get(cid, wait)),
    has: cid => store.has(cid),
    peek: cid => store.peek(cid),
    borrow: (cid, wait) => (store.has(cid) ? store.borrow(cid, wait) : network.borrow(cid, wait)),
  }
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

export interface Collected {
  readonly removed: readonly string[]
  readonly done: GcEvent & { type: 'done' }
}

/** A collection without grace, unless `options` say otherwise. `removed` are multihashes in hex. */
export async function gc(store: Store, options: Partial<GcOptions> = {}): Promise<Collected> {
  const events = await collect(collectGarbage(store, { graceMs: 0, list: true, ...WAIT, ...options }))
  const removed = events.flatMap(event => (event.type === 'removed' ? [hex(CID.parse(event.cid))] : []))
  const done = events.at(-1)
  if (done?.type !== 'done') throw new Error('a collection ended without saying so')
  return { removed, done }
}

export const hex = (cid: CID): string => Buffer.from(cid.multihash.bytes).toString('hex')

export const hexOf = (blocks: readonly NewBlock[]): string[] => blocks.map(({ cid }) => hex(cid)).sort()

/** Counters, places and pins are as they should be. */
export async function healthy(store: Store): Promise<void> {
  assertBooks(store)
  assert.equal(await findings(store), [])
}

export const listPins = (pins: PinsApi, filter: Omit<Parameters<PinsApi['ls']>[0], 'signal'> = {}): Promise<Pin[]> =>
  collect(pins.ls({ ...filter, ...WAIT }))

/** What a check finds, as `severity kind`. */
export async function findings(store: Store, options: Partial<CheckOptions> = {}): Promise<string[]> {
  const events = await collect(checkRepo({ path: store.path, store, readData: true, ...WAIT, ...options }))
  return events.flatMap(event => (event.type === 'finding' ? [`${event.finding.severity} ${event.finding.kind}`] : []))
}
