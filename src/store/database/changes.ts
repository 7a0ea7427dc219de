// Telling who wants to know that blocks were committed: by this process at once, by others when `data_version` moves.

import type { Database } from './database.ts'

const POLL_MS = 100

export type CommitListener = (multihashes: readonly Uint8Array[]) => void

export class Changes implements Disposable {
  readonly #database: Database
  readonly #listeners = new Set<CommitListener>()
  #timer: NodeJS.Timeout | undefined
  #seen = 0
  #isClosed = false
  /** The commit thread's own commits look like another process's. */
  #ownSince = false

  constructor(database: Database) {
    this.#database = database
  }

  listen(listener: CommitListener): () => void {
    this.#listeners.add(listener)
    // Whoever still listens while the store closes hears no more.
    if (this.#timer === undefined && !this.#isClosed) {
      this.#seen = this.#version()
      this.#timer = setInterval(() => this.#poll(), POLL_MS).unref()
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#stop()
    }
  }

  /** The list is made only if somebody listens. */
  committed(multihashes: () => Uint8Array[]): void {
    if (this.#listeners.size === 0) return
    this.#ownSince = true
    this.#tell(multihashes())
  }

  #poll(): void {
    const version = this.#version()
    const own = this.#ownSince
    this.#ownSince = false
    if (version === this.#seen) return
    this.#seen = version
    // One that came in the same moment as ours is told of with the next; nothing is lost, since the list is empty anyway.
    if (!own) this.#tell([])
  }

  #tell(multihashes: readonly Uint8Array[]): void {
    for (const listener of this.#listeners) listener(multihashes)
  }

  #version(): number {
    return this.#database.get<{ data_version: number }>('PRAGMA data_version')?.data_version ?? 0
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    this.#stop()
  }
}
