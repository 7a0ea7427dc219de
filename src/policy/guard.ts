// The denylist before everything that gives or takes blocks; with no list loaded each of them costs one comparison.

import type { CID } from 'multiformats/cid'
import type { BlockSource, NewBlock } from '../block/source.ts'
import type { KeepOptions, Operation, Store } from '../store/store.ts'
import type { Denylist, Door } from './denylist.ts'

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
    size: cid => (denies(cid) ? undefined : source.size?.(cid)),
    fetchState: () => source.fetchState?.(),
  }
}

/** What peers may be given: of a denied block they hear that it is not here. */
export function guardServed(store: Pick<Store, 'get' | 'stat'>, denylist: Denylist): Pick<Store, 'get' | 'stat'> {
  return {
    stat: cid => (denylist.isActive && denylist.isRefused({ cid }, 'bitswap') ? undefined : store.stat(cid)),
    get: async (cid, options) => {
      if (denylist.isActive) denylist.refuse({ cid }, 'bitswap')
      return store.get(cid, options)
    },
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
