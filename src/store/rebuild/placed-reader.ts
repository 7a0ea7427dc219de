// Reading blocks at the places that an index names, with nothing of a store around it: for one that is not in use (yet).

import { closeSync, readSync } from 'node:fs'
import { openIfThere } from '../../open-if-there.ts'
import type { Transaction } from '../database/database.ts'
import { PLACE_BAD, PLACE_FILE, PLACE_INLINE } from '../database/schema.ts'
import { packFile } from '../paths.ts'
import { BlockFiles } from '../write/files.ts'

export interface Placed {
  readonly mh: Uint8Array
  readonly size: number
  readonly pack: number
  readonly at: number
}

/** One pack is kept open: rows are best asked for in the order of their places. */
export class PlacedReader implements Disposable {
  readonly #index: Pick<Transaction, 'get'>
  readonly #path: string
  readonly #files: BlockFiles
  #open: { readonly pack: number; readonly fd: number | undefined } | undefined

  constructor({ path, index }: { readonly path: string; readonly index: Pick<Transaction, 'get'> }) {
    this.#index = index
    this.#path = path
    this.#files = new BlockFiles(path)
  }

  /** Exactly so many bytes as the row says; undefined if they are not there. Nothing is checked. */
  read({ mh, size, pack, at }: Placed): Uint8Array | undefined {
    if (pack === PLACE_BAD) return undefined
    if (pack === PLACE_INLINE)
      return this.#index.get<{ bytes: Uint8Array }>('SELECT bytes FROM data WHERE id = ?', at)?.bytes
    if (pack === PLACE_FILE) {
      const fd = openIfThere(this.#files.fileOf(mh))
      try {
        return fd === undefined ? undefined : readExactly(fd, size, 0)
      } finally {
        if (fd !== undefined) closeSync(fd)
      }
    }
    const fd = this.#packFd(pack)
    return fd === undefined ? undefined : readExactly(fd, size, at)
  }

  #packFd(pack: number): number | undefined {
    if (this.#open?.pack !== pack) {
      this.#closePack()
      this.#open = { pack, fd: openIfThere(packFile(this.#path, pack)) }
    }
    return this.#open?.fd
  }

  #closePack(): void {
    if (this.#open?.fd !== undefined) closeSync(this.#open.fd)
    this.#open = undefined
  }

  [Symbol.dispose](): void {
    this.#closePack()
  }
}

function readExactly(fd: number, sizeBytes: number, position: number): Uint8Array | undefined {
  const bytes = Buffer.allocUnsafe(sizeBytes)
  for (let done = 0; done < sizeBytes; ) {
    const read = readSync(fd, bytes, done, sizeBytes - done, position + done)
    if (read === 0) return undefined
    done += read
  }
  return bytes
}
