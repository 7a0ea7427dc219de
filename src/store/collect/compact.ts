// Compaction: what still lives in packs that are mostly dead moves to a landing pack, and the old ones go (spec: store §6.6).

import { closeSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'
import { RAW } from '../../block/cid.ts'
import { verifyBlock } from '../../block/hash.ts'
import { CairnError, isCairnError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { Logger } from '../../observe/log.ts'
import { openIfThere } from '../../open-if-there.ts'
import type { Transaction } from '../database/database.ts'
import { packFile, repoPaths } from '../paths.ts'
import { Quota } from '../room/quota.ts'
import { reserveBytes } from '../room/reserve.ts'
import type { Store } from '../store.ts'
import { Books } from '../write/books.ts'
import { Image } from '../write/image.ts'
import { closeLease, type Lease, openLease } from '../write/leases.ts'
import { type Landed, PackWriter } from '../write/packs.ts'
import { HAS_LINKS } from '../write/record.ts'
import { workOffDead } from './dead.ts'
import { withReserve } from './free-room.ts'
import { findSurvivors, type Survivor } from './pack-survivors.ts'
import { type GcWait, paceOf, transactGently } from './throttle.ts'

export interface SealedPack {
  readonly id: number
  readonly committed: number
  readonly rows: number
}

export interface CompactOptions extends GcWait {
  readonly log: Logger
  /** Called when so many more survivors are in their new place. */
  readonly onMoved?: (rows: number) => void
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
  const lease = await transactGently(store, options, tx => openLease(tx, path))
  const compactor = new Compactor(store, lease, options)
  let freedBytes = 0
  let left = sparsestFirst(store, packs)
  try {
    while (left.length > 0) {
      const pass = nextPass(left, compactor.roomBytes())
      if (pass.length === 0 && left.length === packs.length) throw noRoom(left)
      if (pass.length === 0) break
      left = left.slice(pass.length)
      const ids = pass.map(({ id }) => id)
      await compactor.move(await findSurvivors(store, ids, options.signal, options.throttle))
      await transactGently(store, options, tx => retire(tx, pass))
      // What the next ones need may lie in those that are empty now.
      if (left.length > 0 && nextPass(left, compactor.roomBytes()).length === 0)
        freedBytes += await workOffDead(store, options)
    }
    return compactor.takenBytes - freedBytes
  } finally {
    await compactor.close()
    await closeLease(database, path, lease)
  }
}

interface LivingPack extends SealedPack {
  readonly live: number
}

function sparsestFirst({ database }: Store, packs: readonly SealedPack[]): LivingPack[] {
  const liveBytes = (id: number) => database.get<{ live: number }>('SELECT live FROM packs WHERE id = ?', id)?.live ?? 0
  return packs.map(pack => ({ ...pack, live: liveBytes(pack.id) })).toSorted((a, b) => a.live - b.live)
}

/** So many of the first ones that their survivors fit into the room there is, and into memory. */
function nextPass(packs: readonly LivingPack[], roomBytes: number): LivingPack[] {
  const pass: LivingPack[] = []
  let [rows, bytes] = [0, 0]
  for (const pack of packs) {
    rows += pack.rows
    bytes += pack.live
    if (bytes > roomBytes || (pass.length > 0 && rows > ROWS_PER_PASS)) break
    pass.push(pack)
  }
  return pass
}

const noRoom = (packs: readonly LivingPack[]): CairnError =>
  new CairnError('NO_SPACE', `no room to compact ${packs.length} packs`)

class Compactor {
  readonly #store: Store
  readonly #lease: Lease
  readonly #log: Logger
  readonly #wait: GcWait
  readonly #onMoved: CompactOptions['onMoved']
  readonly #pace: () => Promise<void> | undefined
  readonly #writer: PackWriter
  readonly #quota: Quota
  #image = new Image()
  takenBytes = 0
  #moving: Moving[] = []

  constructor(store: Store, lease: Lease, { log, onMoved, ...wait }: CompactOptions) {
    const { path, database } = store
    this.#store = store
    this.#lease = lease
    this.#log = log
    this.#wait = wait
    this.#onMoved = onMoved
    this.#pace = paceOf(wait)
    const { maxBytes, diskBytes } = store.counters()
    // Where more is held than may be (the limit was lowered), this is the way back below it: with what the reserve gives.
    const mostBytes = Math.max(diskBytes, maxBytes)
    this.#quota = new Quota({ path, maxBytes: mostBytes, usesReserve: true })
    this.#writer = new PackWriter({ path, database, quota: this.#quota, maxBytes })
  }

  /** Within `store.max`, with what the reserve holds: the space comes back with the old packs. */
  roomBytes(): number {
    const { database, path } = this.#store
    const own = this.#writer.isOpen ? 0 : LIMITS.groupBytes.value
    return this.#quota.freeBytes(database) - own + reserveBytes(repoPaths(path).reserve)
  }

  async move(survivors: readonly Survivor[]): Promise<void> {
    for (const [pack, group] of Map.groupBy(survivors, survivor => survivor.pack)) {
      const fd = openIfThere(packFile(this.#store.path, pack))
      // Its rows stay, for `repo check` to tell.
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
    const startedAt = performance.now()
    const landed = await withReserve(this.#store, () => this.#writer.append(this.#image, this.#lease.id))
    // The disk was busy with it.
    this.#wait.throttle?.worked(performance.now() - startedAt)
    await transactGently(this.#store, this.#wait, tx => this.#moveRows(tx, landed))
    await this.#writer.committed(landed)
    this.takenBytes += landed.endBytes - landed.base
    this.#onMoved?.(this.#moving.length)
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
    this.#quota.check(tx)
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
