// Work that stops at gates and is let through one by one: a store in front of which a collection or a pin walk waits.

import type { CID } from 'multiformats/cid'
import type { BlockSource } from '../../src/block/source.ts'
import type { Transaction } from '../../src/store/database/database.ts'
import type { Operation, Store } from '../../src/store/store.ts'

export type Ended = { readonly ok: true } | { readonly ok: false; readonly error: unknown }

/** Where it stands now, or how it ended. */
export type Standing = { readonly at: string } | Ended

export class Stepper {
  readonly #abort = new AbortController()
  #arrived = Promise.withResolvers<Standing>()
  #go = Promise.withResolvers<void>()
  #free = false

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Runs to its first gate, or to its end. */
  start(work: () => Promise<unknown>): Promise<Standing> {
    const arrived = this.#arrived.promise
    work().then(
      () => this.#arrived.resolve({ ok: true }),
      error => this.#arrived.resolve({ ok: false, error }),
    )
    return arrived
  }

  async gate(at: string): Promise<void> {
    if (this.#free) return
    const go = this.#go.promise
    this.#arrived.resolve({ at })
    await go
  }

  /** Through this gate, to the next one. */
  next(): Promise<Standing> {
    this.#arrived = Promise.withResolvers()
    const arrived = this.#arrived.promise
    const go = this.#go
    this.#go = Promise.withResolvers()
    go.resolve()
    return arrived
  }

  finish(): Promise<Standing> {
    this.#free = true
    return this.next()
  }

  /** Cancelled where it stands. */
  stop(): Promise<Standing> {
    this.#abort.abort(new Error('stopped by the test'))
    return this.finish()
  }
}

/** Properties of `target`, some of them replaced; methods keep their own `this`, which has private fields. */
export function overlay<T extends object>(target: T, replaced: Partial<T>): T {
  return new Proxy(target, {
    get(_, key) {
      if (key in replaced) return Reflect.get(replaced, key)
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** The store with a gate before and after each transaction of its database, each operation it begins, and its end. */
export function gatedStore(store: Store, stepper: Stepper): Store {
  const database = overlay(store.database, {
    async transact<T>(work: (tx: Transaction) => T): Promise<T> {
      await stepper.gate('before')
      const result = await store.database.transact(work)
      await stepper.gate('after')
      return result
    },
  })
  const begin: Store['begin'] = async kind => {
    const operation = await store.begin(kind)
    await stepper.gate('begun')
    const finish: Operation['finish'] = async statements => {
      await stepper.gate('finish')
      return operation.finish(statements)
    }
    return {
      id: operation.id,
      wantsCrc: operation.wantsCrc ?? false,
      put: block => operation.put(block),
      putVerified: (cid, bytes, wait) => operation.putVerified(cid, bytes, wait),
      keep: (cid, options) => operation.keep(cid, options),
      flush: () => operation.flush(),
      abort: () => operation.abort(),
      finish,
      [Symbol.asyncDispose]: () => operation[Symbol.asyncDispose](),
    }
  }
  return overlay(store, { database, begin })
}

/** What is not here comes from `network`, after a gate. */
export function gatedSource(store: Store, network: (cid: CID) => Uint8Array, stepper: Stepper): BlockSource {
  const get: BlockSource['get'] = async (cid, wait) => {
    if (store.has(cid)) return store.get(cid, wait)
    await stepper.gate('fetch')
    return network(cid)
  }
  return {
    get,
    has: cid => store.has(cid),
    peek: cid => store.peek(cid),
    borrow: async (cid, wait) => ({ bytes: await get(cid, wait), release: () => {} }),
  }
}
