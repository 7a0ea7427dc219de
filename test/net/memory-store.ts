// A store in memory with the little that the network uses of one, so that its tests need no disk and can make it lie.

import { CID } from 'multiformats/cid'
import { blockKey, RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { CairnError } from '../../src/errors.ts'
import type { Store } from '../../src/store/store.ts'

export class MemoryStore {
  readonly blocks = new Map<string, Uint8Array>()
  readonly #listeners = new Set<(multihashes: readonly Uint8Array[]) => void>()

  /** Stores a raw block and tells the listeners, as a commit does. */
  add(bytes: Uint8Array): CID {
    const cid = CID.createV1(RAW, sha256(bytes))
    this.put(cid, bytes)
    return cid
  }

  /** Stores whatever it is given under that CID: also lies. */
  put(cid: CID, bytes: Uint8Array): void {
    this.blocks.set(blockKey(cid), bytes)
    for (const listener of this.#listeners) listener([cid.multihash.bytes])
  }

  has = (cid: CID): boolean => this.blocks.has(blockKey(cid))

  stat = (cid: CID) => {
    const bytes = this.blocks.get(blockKey(cid))
    return bytes === undefined ? undefined : { sizeBytes: bytes.byteLength, kept: true }
  }

  get = async (cid: CID): Promise<Uint8Array> => {
    const bytes = this.blocks.get(blockKey(cid))
    if (bytes === undefined) throw new CairnError('BLOCK_NOT_LOCAL', `${cid} is not here`)
    return bytes
  }

  cache = async (cid: CID, bytes: Uint8Array): Promise<void> => this.put(cid, bytes)

  onCommit = (listener: (multihashes: readonly Uint8Array[]) => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The rest of a Store is never touched by the network. */
  asStore(): Store {
    return this as unknown as Store
  }
}
