// Compaction: what still lives in packs that are mostly dead moves to a landing pack, and the old ones go (spec: store §6.6).

import { closeSync, openSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'
import { RAW } from '../../block/cid.ts'
import { verifyBlock } from '../../block/hash.ts'
import { isCairnError } from '../../errors.ts'
import type { Logger } from '../../observe/log.ts'
import type { Transaction } from '../database/database.ts'
import { packFile } from '../paths.ts'
import { Quota } from '../room/quota.ts'
import type { Store } from '../store.ts'
import { Books } from '../write/books.ts'
import { Image } from '../write/image.ts'
import { closeLease, type Lease, openLease } from '../write/leases.ts'
import { type Landed, PackWriter } from '../write/packs.ts'
import { HAS_LINKS } from '../write/record.ts'
import { transactToFree, withReserve } from './free-room.ts'
import { createPace } from './pace.ts'
import { findSurvivors, type Survivor } from './pack-survivors.ts'

export interface SealedPack {
  readonly id: number
  readonly committed: number
  readonly rows: number
}

export interface CompactOptions {
  readonly log: Logger
  readonly signal: AbortSignal
}

interface Moving extends Survivor {
  /** Where its bytes lie in the image on its way to the new pack. */
  readonly imageAt: number
}

const ROWS_PER_TRANSACTION = 2500
/** So many survivors are held in memory at once; one pack of tiny blocks may have more. */
const ROWS_PER_PASS = 500_000

/**
 * Moves the survivors of these packs, which must be sealed, and gives those that are empty then to `dead`.
 * Resolves with the bytes that this took.
 */
export async function compactPacks(
  store: Store,
  packs: readonly SealedPack[],
  options: CompactOptions,
): Promise<number> {
  if (packs.length === 0) return 0
  const { database, path } = store
  const lease = await transactToFree(store, tx => openLease(tx, path))
  const compactor = new Compactor(store, lease, options)
  try {
    for (const pass of passes(packs)) {
      const ids = pass.map(({ id }) => id)
      await compactor.move(await findSurvivors(store, ids, options.signal))
      await transactToFree(store, tx => retire(tx, pass))
    }
    return compactor.takenBytes
  } finally {
    await compactor.close()
    await closeLease(database, path, lease)
  }
}

function passes(packs: readonly SealedPack[]): SealedPack[][] {
  const all: SealedPack[][] = []
  let rows = Number.POSITIVE_INFINITY
  for (const pack of packs) {
    if (rows + pack.rows > ROWS_PER_PASS) {
      all.push([])
      rows = 0
    }
    all.at(-1)?.push(pack)
    rows += pack.rows
  }
  return all
}

class Compactor {
  readonly #store: Store
  readonly #lease: Lease
  readonly #log: Logger
  readonly #pace: () => Promise<void> | undefined
  readonly #writer: PackWriter
  #image = new Image()
  takenBytes = 0
  #moving: Moving[] = []

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

  async move(survivors: readonly Survivor[]): Promise<void> {
    for (const [pack, group] of Map.groupBy(survivors, survivor => survivor.pack)) {
      const fd = openPack(packFile(this.#store.path, pack))
      if (fd === undefined) {
        this.#log.warn('pack is missing', { pack, blocks: group.length })
        continue
      }
      try {
        for (const survivor of group) {
          await this.#pace()
          await this.#rescue(fd, survivor)
        }
      } finally {
        closeSync(fd)
      }
    }
    await this.#flush()
  }

  /** A rotten survivor is left where it is, and keeps its pack: there may be something to be had from it. */
  async #rescue(fd: number, survivor: Survivor): Promise<void> {
    const { mh, size, crc, links, pack, at } = survivor
    const bytes = Buffer.allocUnsafe(size)
    if (readSync(fd, bytes, 0, size, at) !== size || crc32(bytes) !== crc || !isGood(mh, bytes)) {
      this.#log.warn('damaged block keeps its pack', { pack, multihash: Buffer.from(mh).toString('hex') })
      return
    }
    const record = { mh, bytes, size, crc, flags: links === 1 ? HAS_LINKS : 0 }
    if (this.#moving.length >= ROWS_PER_TRANSACTION || !this.#image.fits(record)) await this.#flush()
    this.#moving.push({ ...survivor, imageAt: this.#image.add(record) })
  }

  /** Durable in the new pack first, then the rows. */
  async #flush(): Promise<void> {
    if (this.#moving.length === 0) return
    const landed = await withReserve(this.#store, () => this.#writer.append(this.#image, this.#lease.id))
    await transactToFree(this.#store, tx => this.#moveRows(tx, landed))
    await this.#writer.committed(landed)
    this.takenBytes += landed.endBytes - landed.base
    this.#image = new Image(this.#image.memory)
    this.#moving = []
  }

  #moveRows(tx: Transaction, landed: Landed): void {
    const books = new Books(tx)
    this.#writer.commit(tx, landed, this.#lease.id)
    books.packGrew(landed.endBytes - landed.base)
    for (const { mh, size, pack, at, imageAt } of this.#moving) {
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

/** Undefined if it is not there: its rows stay, for `repo check` to tell. */
function openPack(file: string): number | undefined {
  try {
    return openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
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
