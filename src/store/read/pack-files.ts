// Reading from packs: a bounded number of descriptors, given up soon after their pack died, so that its space returns (spec: store §5).

import { close, open, read } from 'node:fs'
import { promisify } from 'node:util'
import { LIMITS } from '../../limits.ts'
import type { Database } from '../database/database.ts'
import { packFile } from '../paths.ts'

const openFile = promisify(open)
const CHECK_MS = 500
const IS_LIVING = 'SELECT 1 FROM packs WHERE id = ? AND NOT EXISTS (SELECT 1 FROM dead WHERE dead.pack = packs.id)'

interface Descriptor {
  readonly fd: Promise<number>
  readers: number
  dropped: boolean
}

export class PackFiles implements Disposable {
  readonly #path: string
  readonly #database: Database
  readonly #open = new Map<number, Descriptor>()
  #timer: NodeJS.Timeout | undefined
  #seen = ''
  #isClosed = false

  constructor({ path, database }: { path: string; database: Database }) {
    this.#path = path
    this.#database = database
  }

  /** Fills the first `sizeBytes` of `into`; false if the pack ends before. ENOENT if it is gone. */
  async read(pack: number, at: number, into: Uint8Array, sizeBytes: number): Promise<boolean> {
    return (await this.readSome(pack, at, into, sizeBytes)) === sizeBytes
  }

  /** The bytes that were there, at most `sizeBytes`. ENOENT if the pack is gone. */
  async readSome(pack: number, at: number, into: Uint8Array, sizeBytes: number): Promise<number> {
    const descriptor = this.#descriptor(pack)
    descriptor.readers++
    try {
      return await readFull(await descriptor.fd, at, into, sizeBytes)
    } finally {
      descriptor.readers--
      this.#closeIfUnused(descriptor)
    }
  }

  #descriptor(pack: number): Descriptor {
    const known = this.#open.get(pack)
    if (known !== undefined) {
      this.#open.delete(pack)
      this.#open.set(pack, known)
      return known
    }
    const descriptor: Descriptor = { fd: openFile(packFile(this.#path, pack), 'r'), readers: 0, dropped: false }
    descriptor.fd.catch(() => this.#open.delete(pack))
    this.#open.set(pack, descriptor)
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= LIMITS.packDescriptors.value) break
      this.#drop(oldest)
    }
    // A reader that is late, while the store closes, needs nobody to look after its descriptor.
    if (!this.#isClosed) this.#timer ??= setInterval(() => this.dropDead(), CHECK_MS).unref()
    return descriptor
  }

  /** Whatever this or another process has declared dead since the last look. */
  dropDead(): void {
    const others = this.#database.get<{ data_version: number }>('PRAGMA data_version')?.data_version
    const own = this.#database.get<{ n: number }>('SELECT total_changes() AS n')?.n
    if (this.#seen === `${others}/${own}`) return
    this.#seen = `${others}/${own}`
    // Between two looks a collection may have done both: declared it dead, and unlinked it.
    for (const pack of [...this.#open.keys()]) if (this.#database.get(IS_LIVING, pack) === undefined) this.#drop(pack)
    if (this.#open.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #drop(pack: number): void {
    const descriptor = this.#open.get(pack)
    if (descriptor === undefined) return
    this.#open.delete(pack)
    descriptor.dropped = true
    this.#closeIfUnused(descriptor)
  }

  #closeIfUnused(descriptor: Descriptor): void {
    if (!descriptor.dropped || descriptor.readers > 0) return
    descriptor.fd.then(
      fd => close(fd),
      () => undefined,
    )
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    clearInterval(this.#timer)
    for (const pack of [...this.#open.keys()]) this.#drop(pack)
  }
}

/** Callbacks rather than promises: this is the path of every large block. */
function readFull(fd: number, at: number, into: Uint8Array, sizeBytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const step = (done: number): void => {
      read(fd, into, done, sizeBytes - done, at + done, (error, count) => {
        if (error) reject(error)
        else if (count === 0 || done + count >= sizeBytes) resolve(done + count)
        else step(done + count)
      })
    }
    step(0)
  })
}
