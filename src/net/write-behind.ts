// libp2p's records, written in one transaction every half minute: it updates peers all the time, and each write would be a sync.

import { BaseDatastore } from 'datastore-core'
import type { Datastore, Key, KeyQuery, Pair, Query } from 'interface-datastore'
import { NotFoundError } from 'interface-store'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../observe/log.ts'

const EVERY_MS = 30_000

interface Change {
  readonly key: Key
  /** Undefined: deleted. */
  readonly value: Uint8Array | undefined
}

/** What is lost with a crash is what the network tells again. Nothing that was promised to anyone may go through here. */
export class WriteBehindDatastore extends BaseDatastore {
  readonly #inner: Datastore
  readonly #log: Logger
  readonly #timer: NodeJS.Timeout
  #changes = new Map<string, Change>()
  #flushing: Promise<void> | undefined

  constructor(inner: Datastore, log: Logger) {
    super()
    this.#inner = inner
    this.#log = log
    this.#timer = setInterval(() => void this.flush(), EVERY_MS).unref()
  }

  override put(key: Key, value: Uint8Array): Key {
    this.#change({ key, value })
    return key
  }

  override delete(key: Key): void {
    this.#change({ key, value: undefined })
  }

  override async get(key: Key): Promise<Uint8Array> {
    const change = this.#changes.get(key.toString())
    if (change === undefined) return this.#inner.get(key)
    if (change.value === undefined) throw new NotFoundError(`${key} was deleted`)
    return change.value
  }

  override async has(key: Key): Promise<boolean> {
    const change = this.#changes.get(key.toString())
    return change === undefined ? this.#inner.has(key) : change.value !== undefined
  }

  override async *_all({ prefix = '' }: Query): AsyncGenerator<Pair> {
    const changes = this.#under(prefix)
    for await (const pair of this.#inner.query({ prefix })) if (!changes.has(pair.key.toString())) yield pair
    for (const { key, value } of changes.values()) if (value !== undefined) yield { key, value }
  }

  override async *_allKeys({ prefix = '' }: KeyQuery): AsyncGenerator<Key> {
    for await (const { key } of this._all({ prefix })) yield key
  }

  /** Writes what has changed; never fails, since a full disk must not end the network. */
  flush(): Promise<void> {
    this.#flushing ??= this.#write().finally(() => {
      this.#flushing = undefined
    })
    return this.#flushing
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
  }

  #change(change: Change): void {
    this.#changes.set(change.key.toString(), change)
    if (this.#changes.size >= LIMITS.networkRecords.value) void this.flush()
  }

  #under(prefix: string): Map<string, Change> {
    return new Map([...this.#changes].filter(([key]) => key.startsWith(prefix)))
  }

  async #write(): Promise<void> {
    const changes = [...this.#changes]
    if (changes.length === 0) return
    const batch = this.#inner.batch()
    for (const [, { key, value }] of changes) {
      if (value === undefined) batch.delete(key)
      else batch.put(key, value)
    }
    try {
      await batch.commit()
    } catch (error) {
      this.#log.warn('records of the network are not written', { err: error, records: changes.length })
    }
    // Until here they are read from memory. What changed meanwhile stays for the next time.
    for (const [key, change] of changes) if (this.#changes.get(key) === change) this.#changes.delete(key)
  }
}
