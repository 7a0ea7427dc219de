// Commits groups: bytes durable first, then one transaction, then the answer (spec: store §4.4). Runs on either kind of thread.

import { crc32 } from 'node:zlib'
import { CairnError, isCairnError, toCairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { Books } from './books.ts'
import type { CommitHost, CommitOutcome, CommitReply, GroupMessage, ImageMessage } from './commit-message.ts'
import type { Database, Transaction } from './database.ts'
import { BlockFiles, type StagedFile } from './files.ts'
import { Image } from './image.ts'
import { buryLeases, closeLease, findDeadLeases, type Lease, openLease, removeLeaseFiles } from './leases.ts'
import { type Landed, PackWriter } from './packs.ts'
import { repoPaths } from './paths.ts'
import { findPresent, type Place, type Placing, placeCached, placeKept, touch } from './place.ts'
import { packLimitBytes, Quota, type WalGrowth } from './quota.ts'
import { BARE, CACHED, MET, type RecordHeader, VOID } from './record.ts'
import { releaseReserve, writeReserve } from './reserve.ts'
import { readEpoch, runTask } from './run-task.ts'
import type { Task } from './task.ts'

export interface CommitterOptions {
  readonly path: string
  readonly database: Database
  readonly maxBytes: number
  /** Whether it is worth the time to have half a pack in reserve once there is a full one: for processes that live long. */
  readonly growReserve: boolean
}

interface Opened {
  readonly image: Image
  readonly records: readonly RecordHeader[]
}

/** A group on its way: what was read of it, and what is durable of it so far. */
interface Prepared {
  /** Bulk that the index does not have. */
  readonly fresh: Opened
  /** What it has, with the bytes, should the row go before it is touched. */
  readonly present: Opened
  /** Inner nodes, cached blocks, and more that was met. */
  readonly side: Opened
  readonly staged: Map<RecordHeader, StagedFile>
  landed: Landed | undefined
}

export class Committer implements CommitHost {
  readonly #options: CommitterOptions
  readonly #quota: Quota
  readonly #packs: PackWriter
  readonly #files: BlockFiles
  #lease: Lease | undefined

  constructor(options: CommitterOptions) {
    this.#options = options
    this.#quota = new Quota(options)
    this.#packs = new PackWriter({ ...options, quota: this.#quota })
    this.#files = new BlockFiles(options.path)
  }

  async commit(message: GroupMessage): Promise<CommitReply> {
    const images = { bulk: message.bulk, side: message.side }
    try {
      return { images, outcome: await this.#commit(message) }
    } catch (error) {
      const known = toCairnError(error)
      if (isCairnError(known, 'READ_ONLY')) this.#options.database.turnReadOnly(known)
      return { images, error: known }
    }
  }

  async #commit({ bulk, side, tasks }: GroupMessage): Promise<CommitOutcome> {
    const prepared: Prepared = { ...this.#split(open(bulk)), side: open(side), staged: new Map(), landed: undefined }
    const hasBlocks = bulk !== undefined || side !== undefined
    // Before anything is written to the disk; a group that only begins operations opens it in its own transaction.
    if (hasBlocks && this.#lease === undefined) await this.#transact((_, lease) => lease())
    if (hasBlocks) await writeReserve(repoPaths(this.#options.path).reserve)
    try {
      await this.#makeDurable(prepared)
      const last = () =>
        this.#transact((tx, lease) => {
          const missing = hasBlocks ? this.#place(tx, prepared, { lease: lease(), hasTasks: tasks.length > 0 }) : []
          return { missing, tasks: tasks.map(task => runTask({ tx, path: this.#options.path, lease }, task)) }
        })
      const outcome = hasBlocks ? await last() : await this.#transactFreeing(last, tasks)
      if (prepared.landed !== undefined && (await this.#packs.committed(prepared.landed))) await this.#growReserve()
      return outcome
    } finally {
      for (const file of prepared.staged.values()) this.#files.discard(file)
    }
  }

  /** A transaction that may open the lease of this process; whoever died since the last one is buried on the occasion. */
  async #transact<T>(work: (tx: Transaction, lease: () => number) => T): Promise<T> {
    const { path, database } = this.#options
    const dead = this.#lease === undefined ? findDeadLeases(database, path) : []
    let opened: Lease | undefined
    try {
      const result = await database.transact(tx =>
        work(tx, () => {
          if (this.#lease !== undefined) return this.#lease.id
          if (opened === undefined) {
            buryLeases(tx, dead)
            opened = openLease(tx, path)
          }
          return opened.id
        }),
      )
      if (opened !== undefined) removeLeaseFiles(path, dead)
      this.#lease ??= opened
      return result
    } catch (error) {
      opened?.lock[Symbol.dispose]()
      throw error
    }
  }

  /** On a full disk, what frees room gets the reserve, once (spec: store §7). */
  async #transactFreeing(work: () => Promise<CommitOutcome>, tasks: readonly Task[]): Promise<CommitOutcome> {
    try {
      return await work()
    } catch (error) {
      const mayUseReserve = tasks.length > 0 && tasks.every(task => task.type === 'write' && task.freesRoom)
      if (!isCairnError(error, 'NO_SPACE') || !mayUseReserve || !releaseReserve(repoPaths(this.#options.path).reserve))
        throw error
      return work()
    }
  }

  /** What is in the pack is acknowledged all the same, should there be no room for it. */
  async #growReserve(): Promise<void> {
    const { path, maxBytes, growReserve } = this.#options
    if (growReserve) await writeReserve(repoPaths(path).reserve, packLimitBytes(maxBytes) / 2).catch(() => undefined)
  }

  #split(bulk: Opened): Pick<Prepared, 'fresh' | 'present'> {
    const present = findPresent(this.#options.database, bulk.records)
    if (present.length === 0) return { fresh: bulk, present: NOTHING }
    const old = new Set(present)
    const fresh = bulk.records.filter(record => !old.has(record))
    return { fresh: copyRecords(bulk.image, fresh), present: { image: bulk.image, records: present } }
  }

  /** Everything of the group that will not lie in the database. */
  async #makeDurable(prepared: Prepared): Promise<void> {
    const { fresh, side, staged } = prepared
    const lease = this.#lease?.id ?? 0
    const stage = async ({ image }: Opened, record: RecordHeader, sync: boolean) => {
      staged.set(record, await this.#files.stage(record.mh, image.bytes(record.at, record.size), { lease, sync }))
    }
    for (const record of side.records) {
      if ((record.flags & CACHED) !== 0 && record.size > LIMITS.inlineBytes.value) await stage(side, record, false)
    }
    const [first] = fresh.records
    if (first === undefined || fresh.image.usedBytes < LIMITS.inlineBytes.value) return
    if (fresh.records.length === 1 && !this.#packs.isOpen) await stage(fresh, first, true)
    else prepared.landed = await this.#packs.append(fresh.image, lease)
  }

  /** Returns what was met and has gone. */
  #place(tx: Transaction, prepared: Prepared, { lease, hasTasks }: { lease: number; hasTasks: boolean }): Uint8Array[] {
    const { fresh, present, side, landed, staged } = prepared
    const books = new Books(tx)
    const placing: Placing = { tx, books, epoch: readEpoch(tx) }
    const placeOf = ({ image }: Opened, record: RecordHeader): Place => {
      const file = staged.get(record)
      if (file !== undefined) return { kind: 'file', staged: file, files: this.#files }
      if (landed !== undefined && image === fresh.image)
        return { kind: 'pack', pack: landed.pack, at: landed.base + record.at }
      return { kind: 'inline', bytes: image.bytes(record.at, record.size) }
    }
    if (landed !== undefined) {
      this.#packs.commit(tx, landed, lease)
      books.packGrew(landed.endBytes - landed.base)
    }
    for (const record of fresh.records) placeKept(placing, record, placeOf(fresh, record))
    for (const record of present.records) {
      if (!touch(placing, record)) placeKept(placing, record, placeOf(present, record))
    }
    const missing: Uint8Array[] = []
    const cached: RecordHeader[] = []
    for (const record of side.records) {
      if ((record.flags & CACHED) !== 0) cached.push(record)
      else if ((record.flags & MET) === 0) placeKept(placing, record, placeOf(side, record))
      else if (touch(placing, record)) continue
      else if ((record.flags & BARE) !== 0) missing.push(Uint8Array.from(record.mh))
      else placeKept(placing, record, placeOf(side, record))
    }
    books.close()
    const hasKept = fresh.records.length + present.records.length + side.records.length > cached.length
    if (hasKept) this.#quota.check(tx, growthOf([fresh, present, side], landed !== undefined))
    if (cached.length > 0) {
      const places = cached.map(record => ({ record, place: placeOf(side, record) }))
      this.#placeCached({ ...placing, books: new Books(tx) }, places, hasKept || hasTasks)
    }
    return missing
  }

  /** The cache takes what room there is; beside anything else it does without rather than make that fail. */
  #placeCached(placing: Placing, places: { record: RecordHeader; place: Place }[], optional: boolean): void {
    const wanted = places.reduce((sum, { record }) => sum + record.size, 0)
    if (this.#quota.freeBytes(placing.tx) < wanted) {
      if (optional) return
      throw new CairnError('NO_SPACE', 'there is no room for fetched blocks')
    }
    for (const { record, place } of places) placeCached(placing, record, place)
    placing.books.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#packs.close()
    const lease = this.#lease
    this.#lease = undefined
    if (lease !== undefined) await closeLease(this.#options.database, this.#options.path, lease)
  }
}

const growthOf = (parts: readonly Opened[], hasPack: boolean): WalGrowth => ({
  rows: parts.reduce((sum, { records }) => sum + records.length, 0),
  inlineBytes: parts.slice(hasPack ? 1 : 0).reduce((sum, { image }) => sum + image.usedBytes, 0),
})

const NOTHING: Opened = { image: new Image(new ArrayBuffer(0)), records: [] }

function copyRecords(from: Image, records: readonly RecordHeader[]): Opened {
  if (records.length === 0) return NOTHING
  const image = new Image()
  for (const record of records) image.add({ ...record, bytes: from.bytes(record.at, record.size) })
  return { image, records: image.records() }
}

/** The CRC of the door, taken again: a buffer that somebody used meanwhile shows here, before anything is written. */
function open(message: ImageMessage | undefined): Opened {
  if (message === undefined) return NOTHING
  const image = new Image(message.memory, message.usedBytes)
  const records = image.records().filter(({ flags }) => (flags & VOID) === 0)
  for (const { flags, at, size, crc } of records) {
    if ((flags & BARE) === 0 && crc32(image.bytes(at, size)) !== crc)
      throw new Error('a block changed while it waited to be written')
  }
  return { image, records }
}
