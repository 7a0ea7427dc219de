// The landing pack of this process: the one file that its bulk writes are appended to (spec: store §4.3).

import { close, closeSync, fdatasync, fstatSync, ftruncateSync, openSync, statSync, write } from 'node:fs'
import { promisify } from 'node:util'
import { CairnError, isCairnError } from '../../errors.ts'
import type { Database, Transaction } from '../database/database.ts'
import { packFile, repoPaths } from '../paths.ts'
import { packLimitBytes, type Quota } from '../room/quota.ts'
import { explainDisk } from './disk-error.ts'
import type { Image } from './image.ts'
import { syncFolder } from './sync-folder.ts'

const writeAt = promisify(write)
const syncData = promisify(fdatasync)
const closeFile = promisify(close)
const TAKEN_CHECK_MS = 500
/** How often in a row a pack may lose its file while it is written to. */
const TRIES = 3

export interface PackWriterOptions {
  readonly path: string
  readonly database: Database
  readonly quota: Quota
  readonly maxBytes: number
}

interface OpenPack {
  readonly id: number
  readonly lease: number
  readonly fd: number
  /** Durable and in the index; the next group begins here. */
  committedBytes: number
  /** What a group that failed may have left behind that. */
  writtenBytes: number
}

/** Images that are durable in the pack and wait for their transaction. */
export interface Landed {
  readonly pack: number
  /** Where the first image begins in the pack. */
  readonly base: number
  readonly bases: ReadonlyMap<Image, number>
  readonly endBytes: number
}

/** A collection found the pack mostly dead and sealed it: what was appended since belongs to another one. */
export class PackTaken extends Error {
  override readonly name = 'PackTaken'

  constructor(pack: number) {
    super(`pack ${pack} was sealed by a collection`)
  }
}

export class PackWriter {
  readonly #options: PackWriterOptions
  readonly #limitBytes: number
  #open: OpenPack | undefined
  #isAppending = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: PackWriterOptions) {
    this.#options = options
    this.#limitBytes = packLimitBytes(options.maxBytes)
  }

  get isOpen(): boolean {
    return this.#open !== undefined
  }

  append(image: Image, lease: number): Promise<Landed> {
    return this.appendAll([image], lease)
  }

  /** One after the other: all durable when it resolves. While one is written, the one before is on its way to the disk. */
  async appendAll(images: readonly Image[], lease: number): Promise<Landed> {
    this.#isAppending = true
    try {
      return await this.#appendAll(images, lease)
    } finally {
      this.#isAppending = false
    }
  }

  /** What goes into a file that somebody has deleted is gone with its descriptor, whatever the sync says. */
  async #appendAll(images: readonly Image[], lease: number): Promise<Landed> {
    for (let tries = 0; tries < TRIES; tries++) {
      this.#open ??= await this.#openPack(lease)
      const pack = this.#open
      const landed = await this.#appendTo(pack, images)
      if (isStillNamed(this.#options.path, pack)) return landed
      await this.#giveUp(pack)
    }
    throw new CairnError('READ_ONLY', `new files in ${repoPaths(this.#options.path).packs} vanish at once`)
  }

  async #appendTo(pack: OpenPack, images: readonly Image[]): Promise<Landed> {
    const bases = new Map<Image, number>()
    let endBytes = pack.committedBytes
    const syncs: Promise<void>[] = []
    try {
      for (const image of images) {
        if (bases.size > 0) syncs.push(startSync(pack.fd))
        bases.set(image, endBytes)
        const bytes = image.padded()
        for (let done = 0; done < bytes.byteLength; ) {
          const { bytesWritten } = await writeAt(pack.fd, bytes, done, bytes.byteLength - done, endBytes + done)
          done += bytesWritten
          pack.writtenBytes = Math.max(pack.writtenBytes, endBytes + done)
        }
        endBytes += bytes.byteLength
      }
    } catch (error) {
      await this.#sync(pack, syncs)
      cutTail(pack)
      throw explainDisk(error, packFile(this.#options.path, pack.id))
    }
    await this.#sync(pack, [...syncs, syncData(pack.fd)])
    return { pack: pack.id, base: pack.committedBytes, bases, endBytes }
  }

  /** The system tells a failed write once: an earlier sync that failed counts, whatever the last one says. */
  async #sync(pack: OpenPack, syncs: readonly Promise<void>[]): Promise<void> {
    try {
      await allDone(syncs)
    } catch (error) {
      await this.#giveUp(pack)
      throw explainDisk(error, packFile(this.#options.path, pack.id))
    }
  }

  /** In the transaction of the group: the pack is still ours, and grows. */
  commit(tx: Transaction, { pack, endBytes }: Landed, lease: number): void {
    const full = endBytes >= this.#limitBytes
    const sql = `UPDATE packs SET committed = ?, sealed = ?, owner = ? WHERE id = ? AND owner = ? AND sealed = 0`
    if (tx.run(sql, endBytes, full ? 1 : 0, full ? null : lease, pack, lease) === 1) return
    if (tx.get('SELECT 1 FROM leases WHERE id = ?', lease) !== undefined) throw new PackTaken(pack)
    throw new CairnError('REPO_DAMAGED', `pack ${pack} no longer belongs to this process`)
  }

  /** After that transaction. True if the pack is full now. */
  async committed({ endBytes }: Landed): Promise<boolean> {
    if (this.#open === undefined) return false
    this.#open.committedBytes = endBytes
    if (endBytes < this.#limitBytes) return false
    await this.close()
    return true
  }

  /** Our descriptor would keep the space of a pack that a collection has taken. */
  async #leaveTaken(): Promise<void> {
    const pack = this.#open
    const sql = 'SELECT 1 FROM packs WHERE id = ? AND owner = ? AND sealed = 0'
    if (pack === undefined || this.#isAppending) return
    if (this.#options.database.get(sql, pack.id, pack.lease) === undefined) await this.close()
  }

  async close(): Promise<void> {
    const pack = this.#open
    this.#open = undefined
    clearInterval(this.#timer)
    if (pack === undefined) return
    if (pack.writtenBytes > pack.committedBytes) cutTail(pack)
    await closeFile(pack.fd)
  }

  /** After a failed sync nobody knows what the disk has of it: it is never appended to again. */
  async #giveUp(pack: OpenPack): Promise<void> {
    await this.close()
    await this.#options.database
      .transact(tx => tx.run('UPDATE packs SET sealed = 1, owner = NULL WHERE id = ?', pack.id))
      // Where not even that can be written, the pack stays owned by a lease that dies with this process.
      .catch(() => undefined)
  }

  /** A pack that cannot be opened is given up: each that is owned counts as being written, and takes of the room that is left. */
  async #openFile({ id, committed, lease }: { id: number; committed: number; lease: number }) {
    const { path, database } = this.#options
    try {
      return openPackFile(path, id, committed)
    } catch (cause) {
      const error = isGone(cause) ? noFolder(path, cause) : explainDisk(cause, packFile(path, id))
      // Whether its name is on the disk is not known after a failed sync: then nobody takes it up again.
      const isUnknown = isCairnError(error, 'READ_ONLY') ? 1 : 0
      await database
        .transact(tx =>
          tx.run('UPDATE packs SET owner = NULL, sealed = ? WHERE id = ? AND owner = ?', isUnknown, id, lease),
        )
        .catch(() => undefined)
      throw error
    }
  }

  /** One that another process has released cleanly, else a new one. */
  async #openPack(lease: number): Promise<OpenPack> {
    const { database, quota } = this.#options
    for (;;) {
      const { id, committed } = await database.transact(tx => {
        const adopted = tx.get<{ id: number; committed: number }>(
          'UPDATE packs SET owner = ? WHERE id = (SELECT id FROM packs WHERE owner IS NULL AND sealed = 0 ORDER BY committed DESC LIMIT 1) RETURNING id, committed',
          lease,
        )
        const pack = adopted ?? { id: tx.insert('INSERT INTO packs (owner) VALUES (?)', lease), committed: 0 }
        quota.check(tx)
        return pack
      })
      const fd = await this.#openFile({ id, committed, lease })
      if (fd !== undefined) {
        this.#timer = setInterval(() => void this.#leaveTaken().catch(() => undefined), TAKEN_CHECK_MS).unref()
        return { id, lease, fd, committedBytes: committed, writtenBytes: committed }
      }
      await database.transact(tx => tx.run('UPDATE packs SET sealed = 1, owner = NULL WHERE id = ?', id))
    }
  }
}

/** What a group that was refused has left: on a full disk others need that room, and nothing counts it. Its owner alone may do this (spec: store §4.3). */
function cutTail(pack: OpenPack): void {
  try {
    ftruncateSync(pack.fd, pack.committedBytes)
    pack.writtenBytes = pack.committedBytes
  } catch {
    // The next group begins at the same place.
  }
}

function isStillNamed(path: string, { id, fd }: OpenPack): boolean {
  const named = statSync(packFile(path, id), { throwIfNoEntry: false })
  const ours = fstatSync(fd)
  return named?.ino === ours.ino && named.dev === ours.dev
}

const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

/** Whether it was deleted or its disk is not there, nobody here can tell: new packs in its place would lie on another disk. */
const noFolder = (path: string, cause: unknown): CairnError =>
  new CairnError('READ_ONLY', `the folder ${repoPaths(path).packs} is gone: nothing more is written`, {
    cause,
    hint: 'mount its disk if it has one; else make the folder anew with `cairn repo check --repair`; then restart',
  })

/** Rejects with the first failure, but not before every one has ended: the file may be closed then. */
async function allDone(syncs: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(syncs)) if (outcome.status === 'rejected') throw outcome.reason
}

/** Awaited later, with the others. */
function startSync(fd: number): Promise<void> {
  const sync = syncData(fd)
  sync.catch(() => undefined)
  return sync
}

/** Undefined if an adopted pack is not what its row says. */
function openPackFile(path: string, id: number, committedBytes: number): number | undefined {
  const file = packFile(path, id)
  if (committedBytes === 0) return createPackFile(path, file)
  let fd: number
  try {
    fd = openSync(file, 'r+')
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
  if (fstatSync(fd).size >= committedBytes) return fd
  closeSync(fd)
  return undefined
}

function createPackFile(path: string, file: string): number {
  const fd = openSync(file, 'w+', 0o600)
  try {
    syncFolder(repoPaths(path).packs)
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}
