// Compaction: what still lives in packs that are mostly dead moves to a landing pack, and the old ones go (spec: store §6.6).

import { closeSync, openSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'
import { RAW } from '../block/cid.ts'
import { verifyBlock } from '../block/hash.ts'
import { isCairnError } from '../errors.ts'
import type { Logger } from '../observe/log.ts'
import { Books } from './books.ts'
import type { Transaction } from './database.ts'
import { Image } from './image.ts'
import { closeLease, type Lease, openLease } from './leases.ts'
import { createPace } from './pace.ts'
import { scanPack } from './pack-scan.ts'
import { type Landed, PackWriter } from './packs.ts'
import { packFile } from './paths.ts'
import { Quota } from './quota.ts'
import { HAS_LINKS, type RecordHeader } from './record.ts'
import type { Store } from './store.ts'

export interface SealedPack {
  readonly id: number
  readonly committed: number
}

export interface CompactOptions {
  readonly log: Logger
  readonly signal: AbortSignal
}

interface Survivor {
  readonly mh: Uint8Array
  readonly size: number
  readonly pack: number
  /** In its old pack. */
  readonly at: number
  /** In the image on its way to the new one. */
  readonly imageAt: number
}

const ROWS_PER_TRANSACTION = 2500

/** Moves the survivors of these packs, which must be sealed, and gives those that are empty then to `dead`. */
export async function compactPacks(store: Store, packs: readonly SealedPack[], options: CompactOptions): Promise<void> {
  if (packs.length === 0) return
  const { database, path } = store
  const lease = await database.transact(tx => openLease(tx, path))
  const compactor = new Compactor(store, lease, options)
  try {
    for (const pack of packs) await compactor.empty(pack)
    await compactor.flush()
    await database.transact(tx => retire(tx, packs))
  } finally {
    await compactor.close()
    await closeLease(database, path, lease)
  }
}

class Compactor {
  readonly #store: Store
  readonly #lease: Lease
  readonly #log: Logger
  readonly #pace: () => Promise<void> | undefined
  readonly #writer: PackWriter
  #image = new Image()
  #survivors: Survivor[] = []

  constructor(store: Store, lease: Lease, { log, signal }: CompactOptions) {
    const { path, database } = store
    this.#store = store
    this.#lease = lease
    this.#log = log
    this.#pace = createPace(signal)
    // What makes room must not be refused for want of it: the space comes back with the old pack.
    const quota = new Quota({ path, maxBytes: Number.MAX_SAFE_INTEGER })
    this.#writer = new PackWriter({ path, database, quota, maxBytes: store.counters().maxBytes })
  }

  async empty({ id, committed }: SealedPack): Promise<void> {
    const fd = openSync(packFile(this.#store.path, id), 'r')
    try {
      for (const found of scanPack(fd, committed)) {
        await this.#pace()
        if ('garbledAt' in found) this.#log.warn('pack cannot be read on', { pack: id, at: found.garbledAt })
        else await this.#rescue(fd, id, found)
      }
    } finally {
      closeSync(fd)
    }
  }

  /** A rotten survivor is left where it is, and keeps its pack: there may be something to be had from it. */
  async #rescue(fd: number, pack: number, { mh: header, at, size }: RecordHeader): Promise<void> {
    const row = this.#store.database.get<{ size: number; crc: number; links: number }>(
      'SELECT size, crc, links FROM blocks WHERE mh = ? AND pack = ? AND at = ?',
      header,
      pack,
      at,
    )
    if (row === undefined) return
    const mh = Uint8Array.from(header)
    const bytes = Buffer.allocUnsafe(size)
    const got = readSync(fd, bytes, 0, size, at)
    if (got !== size || row.size !== size || crc32(bytes) !== row.crc || !isGood(mh, bytes)) {
      this.#log.warn('damaged block keeps its pack', { pack, multihash: Buffer.from(mh).toString('hex') })
      return
    }
    const record = { mh, bytes, size, crc: row.crc, flags: row.links === 1 ? HAS_LINKS : 0 }
    if (this.#survivors.length >= ROWS_PER_TRANSACTION || !this.#image.fits(record)) await this.flush()
    this.#survivors.push({ mh, size, pack, at, imageAt: this.#image.add(record) })
  }

  /** Durable in the new pack first, then the rows. */
  async flush(): Promise<void> {
    if (this.#survivors.length === 0) return
    const landed = await this.#writer.append(this.#image, this.#lease.id)
    await this.#store.database.transact(tx => this.#moveRows(tx, landed))
    await this.#writer.committed(landed)
    this.#image = new Image(this.#image.memory)
    this.#survivors = []
  }

  #moveRows(tx: Transaction, landed: Landed): void {
    const books = new Books(tx)
    this.#writer.commit(tx, landed, this.#lease.id)
    books.packGrew(landed.endBytes - landed.base)
    for (const { mh, size, pack, at, imageAt } of this.#survivors) {
      const to = { pack: landed.pack, at: landed.base + imageAt }
      const sql = 'UPDATE blocks SET pack = ?, at = ? WHERE mh = ? AND pack = ? AND at = ?'
      if (tx.run(sql, to.pack, to.at, mh, pack, at) === 0) continue
      books.placeLeft({ mh, size, pack, at })
      books.placeTaken({ mh, size, ...to })
    }
    books.close()
  }

  close(): Promise<void> {
    return this.#writer.close()
  }
}

function isGood(mh: Uint8Array, bytes: Uint8Array): boolean {
  try {
    verifyBlock(CID.createV1(RAW, decode(mh)), bytes)
    return true
  } catch (error) {
    if (isCairnError(error, 'HASH_MISMATCH')) return false
    throw error
  }
}

function retire(tx: Transaction, packs: readonly SealedPack[]): void {
  for (const { id, committed } of packs) {
    const sql = 'INSERT INTO dead (pack, size) SELECT id, ? FROM packs WHERE id = ? AND sealed = 1 AND live = 0'
    tx.run(sql, committed, id)
  }
}
