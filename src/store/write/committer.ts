// Commits groups: bytes durable first, then one transaction, then the answer (spec: store §4.4). Runs on either kind of thread.

import { CairnError, isCairnError, toCairnError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { Database, Transaction } from '../database/database.ts'
import { repoPaths } from '../paths.ts'
import { packLimitBytes, Quota } from '../room/quota.ts'
import { claimReserve, releaseReserve, reserveLacks, writeReserve } from '../room/reserve.ts'
import { type Batch, countRecords, isEmptyBatch, type Part, readBatch, sumBytes, walGrowth } from './batch.ts'
import { Books } from './books.ts'
import type { CommitHost, CommitOutcome, CommitReply, GroupMessage } from './commit-message.ts'
import { BlockFiles, type StagedFile } from './files.ts'
import { buryLeases, closeLease, findDeadLeases, type Lease, openLease, removeLeaseFiles } from './leases.ts'
import { type Landed, PackTaken, PackWriter } from './packs.ts'
import { type Place, type Placing, placeCached, placeKept, readEpoch, touch } from './place.ts'
import { BARE, MET, type RecordHeader } from './record.ts'
import { runTask } from './run-task.ts'
import type { Task } from './task.ts'

export interface CommitterOptions {
  readonly path: string
  readonly database: Database
  readonly maxBytes: number
  /** Whether it is worth the time to have half a pack in reserve once there is a full one: for processes that live long. */
  readonly growReserve: boolean
}

/** A batch on its way, and what is durable of it so far. */
interface Prepared {
  readonly batch: Batch
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
    const batch = readBatch(this.#options.database, { bulk, side })
    const prepared: Prepared = { batch, staged: new Map(), landed: undefined }
    const hasBlocks = !isEmptyBatch(batch)
    if (!hasBlocks && tasks.length === 0) return { tasks: [], missing: [] }
    // Before anything is written to the disk; a group that only begins operations opens it in its own transaction.
    if (hasBlocks && this.#lease === undefined) await this.#transact((_, lease) => lease())
    if (hasBlocks) await this.#fillReserve()
    try {
      await this.#makeDurable(prepared)
      const last = () =>
        this.#transact((tx, lease) => {
          const missing = hasBlocks ? this.#place(tx, prepared, { lease: lease(), hasTasks: tasks.length > 0 }) : []
          return { missing, tasks: tasks.map(task => runTask({ tx, path: this.#options.path, lease }, task)) }
        })
      const outcome = hasBlocks ? await this.#transactInPack(prepared, last) : await this.#transactFreeing(last, tasks)
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

  /** A pack that a collection has sealed meanwhile is left to it; the bytes go to another one. */
  async #transactInPack(prepared: Prepared, work: () => Promise<CommitOutcome>): Promise<CommitOutcome> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof PackTaken)) throw error
        await this.#packs.close()
        await this.#land(prepared)
      }
    }
  }

  /** On a full disk, what frees room gets the reserve, once (spec: store §7). */
  async #transactFreeing(work: () => Promise<CommitOutcome>, tasks: readonly Task[]): Promise<CommitOutcome> {
    try {
      return await work()
    } catch (error) {
      const mayUseReserve = tasks.every(task => task.type === 'abort' || (task.type === 'write' && task.freesRoom))
      const { reserve } = repoPaths(this.#options.path)
      if (!isCairnError(error, 'NO_SPACE') || !mayUseReserve || !releaseReserve(reserve)) throw error
      const outcome = await work()
      await this.#fillReserve().catch(error => {
        // It comes before the next block is written.
        if (!isCairnError(error, 'NO_SPACE')) throw error
      })
      return outcome
    }
  }

  /** NO_SPACE if it has no room: before that, nothing else is written. Checked and claimed where the others are charged. */
  async #fillReserve(): Promise<void> {
    const { path, database } = this.#options
    const { reserve } = repoPaths(path)
    if (reserveLacks(reserve) > 0)
      await database.transact(tx => {
        this.#quota.check(tx)
        claimReserve(reserve)
      })
    await writeReserve(reserve)
  }

  /** What is in the pack is acknowledged all the same, should there be no room for it. */
  async #growReserve(): Promise<void> {
    const { path, maxBytes, growReserve, database } = this.#options
    if (!growReserve || this.#quota.freeBytes(database) < packLimitBytes(maxBytes)) return
    await writeReserve(repoPaths(path).reserve, packLimitBytes(maxBytes) / 2).catch(() => undefined)
  }

  /** Everything of the batch that will not lie in the database. */
  async #makeDurable(prepared: Prepared): Promise<void> {
    const { batch, staged } = prepared
    const lease = this.#lease?.id ?? 0
    const stage = async ({ image }: Part, record: RecordHeader, sync: boolean) => {
      staged.set(record, await this.#files.stage(record.mh, image.bytes(record.at, record.size), { lease, sync }))
    }
    for (const part of batch.cached) {
      for (const record of part.records) if (record.size > LIMITS.inlineBytes.value) await stage(part, record, false)
    }
    const [part] = batch.fresh
    const [record] = part?.records ?? []
    if (part === undefined || record === undefined || sumBytes(batch.fresh) < LIMITS.inlineBytes.value) return
    if (countRecords(batch.fresh) === 1 && !this.#packs.isOpen) await stage(part, record, true)
    else await this.#land(prepared)
  }

  async #land(prepared: Prepared): Promise<void> {
    const images = prepared.batch.fresh.map(({ image }) => image)
    prepared.landed = await this.#packs.appendAll(images, this.#lease?.id ?? 0)
  }

  /** Returns what was met and has gone. */
  #place(tx: Transaction, prepared: Prepared, { lease, hasTasks }: { lease: number; hasTasks: boolean }): Uint8Array[] {
    const { batch, landed, staged } = prepared
    const books = new Books(tx)
    const placing: Placing = { tx, books, epoch: readEpoch(tx) }
    const placeOf = ({ image }: Part, record: RecordHeader): Place => {
      const file = staged.get(record)
      if (file !== undefined) return { kind: 'file', staged: file, files: this.#files }
      const base = landed?.bases.get(image)
      if (landed !== undefined && base !== undefined) return { kind: 'pack', pack: landed.pack, at: base + record.at }
      return { kind: 'inline', bytes: image.bytes(record.at, record.size) }
    }
    if (landed !== undefined) {
      this.#packs.commit(tx, landed, lease)
      books.packGrew(landed.endBytes - landed.base)
    }
    for (const part of batch.fresh) for (const record of part.records) placeKept(placing, record, placeOf(part, record))
    const missing: Uint8Array[] = []
    for (const part of batch.present) {
      for (const record of part.records) if (!touch(placing, record)) placeKept(placing, record, placeOf(part, record))
    }
    for (const part of batch.side) {
      for (const record of part.records) {
        if ((record.flags & MET) !== 0 && touch(placing, record)) continue
        if ((record.flags & BARE) !== 0) missing.push(Uint8Array.from(record.mh))
        else placeKept(placing, record, placeOf(part, record))
      }
    }
    books.close()
    const { rows, inlineBytes } = walGrowth(batch, landed !== undefined)
    if (books.grows) this.#quota.check(tx, { rows, inlineBytes })
    const places = batch.cached.flatMap(part => part.records.map(record => ({ record, place: placeOf(part, record) })))
    if (places.length > 0) this.#placeCached({ ...placing, books: new Books(tx) }, places, rows > 0 || hasTasks)
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
