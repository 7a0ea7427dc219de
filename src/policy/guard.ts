// The denylist before everything that gives or takes blocks; with no list loaded each of them costs one comparison.

import type { CID } from 'multiformats/cid'
import type { Door } from '../api/deny.ts'
import type { NamesApi } from '../api/names.ts'
import type { BlockSource, NewBlock, Wait } from '../block/source.ts'
import type { KeepOptions, Operation, Store } from '../store/store.ts'
import type { Denylist } from './denylist.ts'

/** Blocks that are denied are not here, and asking for them says why. */
export function guardSource(source: BlockSource, denylist: Denylist, door: Door = 'content'): BlockSource {
  const denies = (cid: CID) => denylist.isActive && denylist.check({ cid }) !== undefined
  return {
    get: async (cid, options) => {
      if (denylist.isActive) denylist.refuse({ cid }, door)
      return source.get(cid, options)
    },
    borrow: async (cid, options) => {
      if (denylist.isActive) denylist.refuse({ cid }, door)
      return source.borrow(cid, options)
    },
    has: cid => !denies(cid) && source.has(cid),
    peek: cid => (denies(cid) ? undefined : source.peek(cid)),
    ...(source.lend !== undefined && { lend: cid => (denies(cid) ? undefined : source.lend?.(cid)) }),
    size: cid => (denies(cid) ? undefined : source.size?.(cid)),
    fetchState: () => source.fetchState?.(),
  }
}

/** The same for whatever fetches a single block. */
export function guardFetch<F extends (cid: CID, options: Wait) => Promise<Uint8Array>>(
  fetchBlock: F,
  denylist: Denylist,
): F {
  const guarded = async (cid: CID, options: Wait) => {
    if (denylist.isActive) denylist.refuse({ cid }, 'fetch')
    return fetchBlock(cid, options)
  }
  return Object.assign(guarded, fetchBlock) as F
}

/** A name is refused before it is looked up, and so is every name that it leads through. */
export function guardNames(names: NamesApi, denylist: Denylist): NamesApi {
  const refuse = (text: string) => {
    if (!denylist.isActive) return
    const [ipnsName = '', ...path] = text.replace(/^(?:\/ipns\/|ipns:\/\/)/, '').split('/')
    denylist.refuse({ ipnsName, path }, 'name')
  }
  return {
    ...names,
    resolve: async (name, wait) => {
      refuse(name)
      const found = await names.resolve(name, wait)
      for (const step of found.chain) {
        refuse(step.name)
        if (step.target.startsWith('/ipns/')) refuse(step.target)
      }
      return found
    },
    step: async (name, wait) => {
      refuse(name)
      return names.step(name, wait)
    },
    record: async (name, wait) => {
      refuse(name)
      return names.record(name, wait)
    },
    put: async (name, bytes, wait) => {
      refuse(name)
      return names.put(name, bytes, wait)
    },
  }
}

/** What the network sees of a store. */
export type ServedStore = Pick<Store, 'get' | 'stat' | 'has' | 'cache' | 'onCommit'>

/** What peers may be given: of a denied block they hear that it is not here. */
export function guardServed(store: ServedStore, denylist: Denylist): ServedStore {
  const denies = (cid: CID) => denylist.isActive && denylist.isRefused({ cid }, 'bitswap')
  return {
    stat: cid => (denies(cid) ? undefined : store.stat(cid)),
    has: cid => !denies(cid) && store.has(cid),
    get: async (cid, options) => {
      if (denylist.isActive) denylist.refuse({ cid }, 'bitswap')
      return store.get(cid, options)
    },
    cache: async (cid, bytes) => {
      if (denylist.isActive) denylist.refuse({ cid }, 'fetch')
      return store.cache(cid, bytes)
    },
    onCommit: listener => store.onCommit(listener),
  }
}

/** Nothing that is denied now is taken in. */
export function guardOperation(operation: Operation, denylist: Denylist): Operation {
  if (!denylist.isActive) return operation
  const refuse = (cid: CID) => denylist.refuse({ cid }, 'add')
  return {
    id: operation.id,
    ...(operation.wantsCrc !== undefined && { wantsCrc: operation.wantsCrc }),
    put(block: NewBlock) {
      refuse(block.cid)
      return operation.put(block)
    },
    async putVerified(cid, bytes, options) {
      refuse(cid)
      return operation.putVerified(cid, bytes, options)
    },
    async keep(cid, options: KeepOptions) {
      refuse(cid)
      return operation.keep(cid, options)
    },
    flush: () => operation.flush(),
    finish: statements => operation.finish(statements),
    abort: () => operation.abort(),
    [Symbol.asyncDispose]: () => operation[Symbol.asyncDispose](),
  }
}
