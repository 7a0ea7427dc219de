// A new cairn.db from what does not need the old one: packs, block files, the daily backup, and whatever the old one still gives.
//
// What comes back, with the old database wholly gone: every block in a pack or a file; every kept block that lay inline
// when the last daily backup was made; pins, roots, keys and policy as they were then. What does not: inline blocks (inner
// nodes, small adds) and pins younger than that backup. With a database that is damaged in parts, all that can be read of it
// comes back too, and it goes before the backup. Blocks that were dead may come back; the next collection takes them.

import { closeSync, existsSync, fdatasyncSync, fstatSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { CID } from 'multiformats/cid'
import type { Wait } from '../../block/source.ts'
import type { Logger } from '../../observe/log.ts'
import { makeFolders } from '../../writable.ts'
import { listDailyBackups, readDailyRows, verifyDailyBackup } from '../backup/daily-file.ts'
import { listInlineLogs } from '../backup/inline-log.ts'
import { isPolicyTable } from '../backup/policy-rows.ts'
import { SIDE_FOLDERS } from '../backup/side-files.ts'
import { createPace } from '../collect/pace.ts'
import type { Row } from '../database/database.ts'
import { packFile, repoPaths } from '../paths.ts'
import { makeSubfolders } from '../repo.ts'
import { claimRepo } from './alone.ts'
import { NewIndex } from './new-index.ts'
import { openOld, salvage, tablesOf } from './old-database.ts'
import { salvageInline } from './old-inline.ts'
import { scanFiles } from './scan-files.ts'
import { type FoundBlock, scanPack } from './scan-pack.ts'
import { finishSwitch, isSwitching, switchDatabase } from './switch.ts'
import { type BrokenRoot, demoteBrokenPins } from './verify-roots.ts'

export interface RebuildOptions extends Wait {
  readonly path: string
  readonly log: Logger
  /** What was purged or denied does not come back. */
  readonly isForbidden?: (mh: Uint8Array) => boolean
}

export interface RebuildResult {
  readonly blocks: number
  readonly packRecords: number
  readonly fileBlocks: number
  readonly inlineBlocks: number
  /** Of packs: neither padding nor a record that can be believed. */
  readonly garbledBytes: number
  readonly badFiles: number
  readonly pins: number
  /** Complete before, now to be fetched again. */
  readonly brokenPins: number
  /** Whether pins and the rest came whole out of the old database. */
  readonly oldDatabase: 'whole' | 'partial' | 'lost'
  /** When the daily backup that was used was made; undefined if none was needed, or none was there. */
  readonly backupMadeAt?: string
  /** Where the old database is kept. */
  readonly keptIn?: string
}

export type RebuildEvent =
  | { readonly type: 'progress'; readonly stage: string; readonly done: number; readonly total: number }
  | { readonly type: 'note'; readonly what: string }
  | ({ readonly type: 'done' } & RebuildResult)

/** Alone in the repository: REPO_LOCKED, with their pids, if others have it open. A killed one is begun anew, or ended. */
export async function* rebuildIndex(options: RebuildOptions): AsyncGenerator<RebuildEvent> {
  const { path, log } = options
  // Whoever lost the database may have lost more.
  makeSubfolders(path)
  using _claim = claimRepo(path)
  if (isSwitching(path)) {
    const keptIn = await finishSwitch(path)
    yield {
      type: 'note',
      what: `a rebuild that was interrupted is finished${keptIn === undefined ? '' : `; the old database is kept in ${keptIn}`}`,
    }
    return
  }
  using index = new NewIndex(repoPaths(path).rebuilt)
  const rebuild = new Rebuild(options, index)
  yield* rebuild.run()
  index.close()
  const keptIn = await switchDatabase(path)
  clearLeftovers(path)
  const result = { ...rebuild.result(), ...(keptIn !== undefined && { keptIn }) }
  log.info('the database was rebuilt', { ...result })
  yield { type: 'done', ...result }
}

/** Leases and half-written files belong to nobody any more. */
function clearLeftovers(path: string): void {
  const { leases } = repoPaths(path)
  for (const name of readdirSync(leases)) rmSync(join(leases, name), { force: true })
}

class Rebuild {
  readonly #options: RebuildOptions
  readonly #index: NewIndex
  readonly #pace: () => Promise<void> | undefined
  #counts = { packRecords: 0, fileBlocks: 0, inlineBlocks: 0, garbledBytes: 0, badFiles: 0, brokenPins: 0 }
  #totals = { blocks: 0, pins: 0 }
  #oldDatabase: RebuildResult['oldDatabase'] = 'lost'
  #backupMadeAt: string | undefined

  constructor(options: RebuildOptions, index: NewIndex) {
    this.#options = options
    this.#index = index
    this.#pace = createPace(options.signal)
  }

  async *run(): AsyncGenerator<RebuildEvent> {
    yield* this.#packs()
    yield* this.#files()
    yield* this.#inlineAndPolicy()
    this.#index.settle()
    yield* this.#roots()
    const count = (table: string): number =>
      this.#index.database.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? 0
    this.#totals = { blocks: count('blocks'), pins: count('pins') }
  }

  result(): RebuildResult {
    return {
      ...this.#totals,
      ...this.#counts,
      oldDatabase: this.#oldDatabase,
      ...(this.#backupMadeAt !== undefined && { backupMadeAt: this.#backupMadeAt }),
    }
  }

  #isWelcome({ mh }: FoundBlock): boolean {
    return this.#options.isForbidden?.(mh) !== true
  }

  async *#packs(): AsyncGenerator<RebuildEvent> {
    const { path } = this.#options
    const ids = readdirSync(repoPaths(path).packs)
      .map(name => Number(/^(\d+)\.pack$/.exec(name)?.[1] ?? Number.NaN))
      .filter(id => Number.isSafeInteger(id) && id > 0)
      // A block that was moved is in the later pack for good; in the earlier one it may be about to go.
      .sort((a, b) => b - a)
    let done = 0
    for (const id of ids) {
      yield { type: 'progress', stage: 'packs', done: done++, total: ids.length }
      await this.#pack(id, packFile(path, id))
    }
  }

  async #pack(id: number, file: string): Promise<void> {
    const fd = openSync(file, 'r+')
    try {
      this.#index.addPack(id, fstatSync(fd).size)
      for (const found of scanPack(fd)) {
        await this.#pace()
        if ('garbledBytes' in found) this.#counts.garbledBytes += found.garbledBytes
        else if (this.#isWelcome(found)) {
          this.#index.addPacked(found, id, found.at)
          this.#counts.packRecords++
        }
      }
      // What a killed process had written is read here from memory: it counts only once it is on the disk.
      fdatasyncSync(fd)
    } finally {
      closeSync(fd)
    }
  }

  async *#files(): AsyncGenerator<RebuildEvent> {
    for await (const found of scanFiles(this.#options.path, this.#options)) {
      if (found.type === 'folder') {
        yield { type: 'progress', stage: 'files', done: found.done, total: found.total }
      } else if (found.type === 'bad') {
        this.#counts.badFiles++
        yield { type: 'note', what: `${found.file} is not the block that its name says: left where it is` }
      } else if (this.#isWelcome(found.block) && this.#index.addFile(found.block)) this.#counts.fileBlocks++
    }
  }

  async *#inlineAndPolicy(): AsyncGenerator<RebuildEvent> {
    const { path, signal } = this.#options
    const file = repoPaths(path).database
    const old = openOld(file)
    let missing: ReadonlySet<string>
    try {
      missing = old === undefined ? new Set(['*']) : await this.#policyOf(old)
      for await (const block of salvageInline({ file, connection: old, signal })) this.#addInline(block)
    } finally {
      old?.close()
    }
    yield* this.#inlineLogs()
    this.#oldDatabase = old === undefined ? 'lost' : missing.size === 0 ? 'whole' : 'partial'
    if (missing.size > 0) yield* this.#fromBackup(missing)
  }

  #addInline(block: FoundBlock): void {
    if (this.#isWelcome(block) && this.#index.addInline(block)) this.#counts.inlineBlocks++
  }

  /** The names of the tables that could not be read whole. */
  async #policyOf(old: DatabaseSync): Promise<ReadonlySet<string>> {
    const missing = new Set<string>()
    const tables = tablesOf(old)
    if (!tables.includes('pins')) return new Set(['*'])
    for (const table of tables.filter(isPolicyTable)) {
      const rows = salvage(old, table)
      for (let step = rows.next(); ; step = rows.next()) {
        if (step.done === true) {
          if (!step.value) missing.add(table)
          break
        }
        await this.#pace()
        for (const row of step.value) {
          if (table === 'pins' && !isPin(row)) missing.add(table)
          else this.#index.addRow(table, row)
        }
      }
    }
    for (const row of readSequences(old)) this.#index.addRow('sqlite_sequence', row)
    return missing
  }

  async *#inlineLogs(): AsyncGenerator<RebuildEvent> {
    for (const file of listInlineLogs(this.#options.path)) {
      yield { type: 'progress', stage: 'inner nodes', done: 0, total: 0 }
      const fd = openSync(file, 'r')
      try {
        for (const found of scanPack(fd)) {
          await this.#pace()
          if ('mh' in found) this.#addInline(found)
        }
      } finally {
        closeSync(fd)
      }
    }
  }

  /** The newest that is whole. */
  async *#fromBackup(missing: ReadonlySet<string>): AsyncGenerator<RebuildEvent> {
    const { path, signal } = this.#options
    for (const { file, madeAtMs } of listDailyBackups(path)) {
      const content = await verifyDailyBackup(file, { signal })
      if (content === undefined) {
        yield { type: 'note', what: `the daily backup ${file} is damaged: an older one is used` }
        continue
      }
      for await (const { table, row } of readDailyRows(file, { signal })) {
        if (missing.has('*') || missing.has(table) || table === 'meta') this.#index.addRow(table, row)
      }
      this.#backupMadeAt = new Date(madeAtMs).toISOString()
      for (const name of bringBack(path, content.files)) yield { type: 'note', what: `${name} was gone, and is back` }
      return
    }
    yield { type: 'note', what: 'there is no daily backup that can be used: pins that could not be read are lost' }
  }

  async *#roots(): AsyncGenerator<RebuildEvent> {
    const { path, signal } = this.#options
    const tell: BrokenRoot[] = []
    await demoteBrokenPins({ path, database: this.#index.database, signal, onBroken: root => tell.push(root) })
    for (const { kind, root, block } of tell)
      yield { type: 'note', what: `${kind} ${root} is not complete any more: block ${block} is missing` }
    this.#counts.brokenPins = tell.filter(({ kind }) => kind === 'pin').length
  }
}

/** Files that are there are newer, whatever is in them. In a folder that is there a file may have been taken back: a key that somebody had. */
function bringBack(path: string, files: Readonly<Record<string, string>>): string[] {
  const lost = SIDE_FOLDERS.filter(folder => !existsSync(join(path, folder)))
  const isLost = (name: string) =>
    name === basename(name) ? !existsSync(join(path, name)) : lost.some(folder => name === join(folder, basename(name)))
  const missing = Object.entries(files).filter(([name]) => isLost(name))
  for (const [name, text] of missing) {
    const file = join(path, name)
    makeFolders(dirname(file), 0o700)
    writeFileSync(file, Buffer.from(text, 'base64'), { mode: 0o600 })
  }
  return missing.map(([name]) => name)
}

/** A flipped bit in a row is nothing that SQLite would notice. */
function isPin({ cid, mh }: Row): boolean {
  try {
    return (
      cid instanceof Uint8Array && mh instanceof Uint8Array && Buffer.compare(CID.decode(cid).multihash.bytes, mh) === 0
    )
  } catch {
    // No CID: no pin.
    return false
  }
}

function readSequences(old: DatabaseSync): Row[] {
  try {
    return old.prepare('SELECT name, seq FROM sqlite_sequence').all() as Row[]
  } catch {
    // Packs that are there raise theirs; lease files do not matter, as none is left.
    return []
  }
}
