// `cairn backup`: a copy of the repository, made beside a daemon and writers, durable before it says so (spec: store §2.1, §6.6).
// Packs only grow and files never change, so a second backup into the same folder copies what is new and nothing else.

import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { base32upper } from 'multiformats/bases/base32'
import type { Wait } from '../../block/source.ts'
import { CairnError } from '../../errors.ts'
import { VERSION } from '../../version.ts'
import { explainPlace } from '../../writable.ts'
import { cidOf } from '../check/check-block.ts'
import { holdDead } from '../collect/hold.ts'
import { lockHolder, takeLock } from '../database/kernel-lock.ts'
import { PLACE_FILE, SCHEMA_VERSION } from '../database/schema.ts'
import { packFile, repoPaths } from '../paths.ts'
import type { Placed } from '../rebuild/placed-reader.ts'
import type { Store } from '../store.ts'
import { BlockFiles } from '../write/files.ts'
import { makeLastingFolders, syncFolder } from '../write/sync-folder.ts'
import { Copier } from './copy-file.ts'
import { checkApart, checkTarget, hashFile, indexFile, type Manifest, readManifest, writeManifest } from './manifest.ts'
import { repoId } from './repo-id.ts'
import { listSideFiles } from './side-files.ts'
import { type IndexReader, openIndex, takeSnapshot } from './snapshot.ts'
import { verifyCopy } from './verify-copy.ts'

export interface BackupOptions extends Wait {
  readonly store: Store
  readonly folder: string
  /** Hash every block of the copy. */
  readonly verify?: boolean
}

export interface BackupResult {
  readonly blocks: number
  /** What this run wrote, and what was there already. */
  readonly copiedBytes: number
  readonly copiedFiles: number
  readonly skippedBytes: number
  readonly indexBytes: number
  /** Blocks hashed in the copy; 0 without `verify`. */
  readonly verified: number
}

export interface CopyProgress {
  readonly type: 'progress'
  readonly stage: string
  readonly done: number
  readonly total: number
}

export type BackupEvent = CopyProgress | ({ readonly type: 'done' } & BackupResult)

export async function* backUpRepo(options: BackupOptions): AsyncGenerator<BackupEvent> {
  const { store, folder, signal, verify = false } = options
  using _ = holdBackupLock(store)
  checkApart(folder, store.path)
  prepareFolder(folder)
  const id = await repoId(store)
  const before = checkTarget(folder, id)
  const head = { repoId: id, program: VERSION, schema: SCHEMA_VERSION, made: new Date().toISOString() }
  if (before === undefined) writeManifest(folder, { ...head, blocks: 0, bytes: 0 })
  const number = (before?.index?.number ?? 0) + 1
  const file = indexFile(folder, number)
  const copier = new Copier({ signal })
  const totals = yield* copyAll({ store, folder, file, copier })
  const index = { number, sizeBytes: statSync(file).size, sha256: await hashFile(file, { signal }) }
  const manifest = { ...head, index, ...totals }
  const verified = verify ? yield* verifyIndex(folder, manifest, { signal, dropBad: true }) : 0
  writeManifest(folder, manifest)
  prune(folder, number)
  const { copiedBytes, copiedFiles, skippedBytes } = copier
  const { blocks } = totals
  yield { type: 'done', blocks, copiedBytes, copiedFiles, skippedBytes, indexBytes: index.sizeBytes, verified }
}

interface CopyAll {
  readonly store: Store
  readonly folder: string
  /** Of the index. */
  readonly file: string
  readonly copier: Copier
}

/** Durable when it returns. From before the snapshot until the last byte is copied, nothing that it names is unlinked. */
async function* copyAll({ store, folder, file, copier }: CopyAll): AsyncGenerator<BackupEvent, Totals> {
  await using _ = await holdDead(store)
  yield { type: 'progress', stage: 'database', done: 0, total: 1 }
  takeSnapshot(store.database, `${file}.tmp`)
  renameSync(`${file}.tmp`, file)
  using snapshot = openIndex(file)
  yield* copyPacks(store.path, folder, snapshot, copier)
  yield* copyFiles(store.path, folder, snapshot, copier)
  await copySideFiles(store.path, folder, copier)
  copier.sync()
  syncFolder(folder)
  return snapshotTotals(snapshot)
}

/** Hashes all of a backup that is done. CORRUPT_BLOCK if something is wrong. */
export async function* verifyBackup(folder: string, wait: Wait): AsyncGenerator<BackupEvent, number> {
  const manifest = readManifest(folder)
  if (manifest === undefined) throw new CairnError('NOT_FOUND', `${folder} is no backup`)
  return yield* verifyIndex(folder, manifest, wait)
}

function holdBackupLock(store: Store): Disposable {
  const file = join(repoPaths(store.path).backups, 'copy.lock')
  const lock = takeLock(file)
  if (lock !== undefined) return lock
  throw new CairnError('REPO_LOCKED', 'a backup of this repository runs already', {
    hint: `wait for it: process ${lockHolder(file) ?? 'unknown'}`,
  })
}

function prepareFolder(folder: string): void {
  try {
    makeLastingFolders(folder, 0o700)
  } catch (error) {
    throw explainPlace(error, folder)
  }
}

interface Totals {
  readonly blocks: number
  readonly bytes: number
}

const snapshotTotals = (snapshot: IndexReader): Totals =>
  snapshot.get<Totals>(`SELECT
    (SELECT value FROM counters WHERE name = 'blocks') AS blocks,
    (SELECT value FROM counters WHERE name = 'block_bytes') AS bytes`) ?? { blocks: 0, bytes: 0 }

/** As much of each as the snapshot says was committed. */
export async function* copyPacks(
  from: string,
  to: string,
  snapshot: IndexReader,
  copier: Copier,
): AsyncGenerator<CopyProgress> {
  const packs = snapshot.all<{ id: number; committed: number }>('SELECT id, committed FROM packs ORDER BY id')
  const total = packs.reduce((sum, { committed }) => sum + committed, 0)
  let done = 0
  for (const { id, committed } of packs) {
    yield { type: 'progress', stage: 'packs', done, total }
    await copier.copy({ from: packFile(from, id), to: packFile(to, id), sizeBytes: committed })
    done += committed
  }
}

export async function* copyFiles(
  from: string,
  to: string,
  snapshot: IndexReader,
  copier: Copier,
): AsyncGenerator<CopyProgress> {
  const total = snapshot.get<{ n: number }>(`SELECT count(*) AS n FROM blocks WHERE pack = ${PLACE_FILE}`)?.n ?? 0
  const [source, target] = [new BlockFiles(from), new BlockFiles(to)]
  let done = 0
  let after: Uint8Array = new Uint8Array(0)
  for (;;) {
    const page = snapshot.all<{ mh: Uint8Array; size: number }>(
      `SELECT mh, size FROM blocks WHERE mh > ? AND pack = ${PLACE_FILE} ORDER BY mh LIMIT 500`,
      after,
    )
    for (const { mh, size } of page)
      await copier.copy({ from: source.fileOf(mh), to: target.fileOf(mh), sizeBytes: size })
    done += page.length
    yield { type: 'progress', stage: 'files', done, total }
    const last = page.at(-1)
    if (last === undefined) return
    after = last.mh
  }
}

/** They may change: copied anew each time. A key or a rule that was taken back is taken out of the copy. */
export async function copySideFiles(from: string, to: string, copier: Copier): Promise<void> {
  const files = listSideFiles(from)
  for (const { name, file, sizeBytes } of files)
    await copier.copy({ from: file, to: join(to, name), sizeBytes, isChanging: true })
  const names = new Set(files.map(({ name }) => name))
  for (const { name, file } of listSideFiles(to)) if (name.includes('/') && !names.has(name)) rmSync(file)
}

interface VerifyOptions extends Wait {
  /** Take damaged copies away, so that the next backup makes them anew. */
  readonly dropBad?: boolean
}

async function* verifyIndex(
  folder: string,
  { index, blocks }: Pick<Manifest, 'index' | 'blocks'>,
  { signal, dropBad = false }: VerifyOptions,
): AsyncGenerator<BackupEvent, number> {
  if (index === undefined) throw new CairnError('NOT_FOUND', `${folder} is no finished backup`)
  const file = indexFile(folder, index.number)
  if ((await hashFile(file, { signal })) !== index.sha256) throw damaged(`${file} is not what the backup wrote`)
  using snapshot = openIndex(file)
  const bad: Placed[] = []
  const verifying = verifyCopy({ path: folder, index: snapshot, onBad: row => bad.push(row), signal })
  for (let step = await verifying.next(); ; step = await verifying.next()) {
    if (step.done !== true) {
      yield { type: 'progress', stage: 'verify', done: step.value, total: blocks }
      continue
    }
    const [first] = bad
    if (first === undefined) return step.value
    if (dropBad) for (const row of bad) rmSync(placeIn(folder, row), { force: true })
    throw damaged(`block ${cidOf(first.mh)} in ${folder} is damaged or missing`)
  }
}

/** Of an inline block: no file. */
const placeIn = (folder: string, { pack, mh }: Placed): string =>
  pack > 0 ? packFile(folder, pack) : new BlockFiles(folder).fileOf(mh)

const damaged = (what: string): CairnError =>
  new CairnError('CORRUPT_BLOCK', what, {
    hint: 'back it up again; if that fails too, the repository is damaged: `cairn repo check --read-data --repair`',
  })

/** What only earlier backups needed. */
function prune(folder: string, number: number): void {
  using snapshot = openIndex(indexFile(folder, number))
  for (const name of readdirSync(folder))
    if (/^index-\d+\.db/.test(name) && name !== basename(indexFile(folder, number))) rmSync(join(folder, name))
  const { packs, blocks } = repoPaths(folder)
  for (const name of existsSync(packs) ? readdirSync(packs) : []) {
    const id = /^(\d+)\.pack$/.exec(name)?.[1]
    if (id === undefined || snapshot.get('SELECT 1 FROM packs WHERE id = ?', Number(id)) === undefined)
      rmSync(join(packs, name))
  }
  for (const shard of existsSync(blocks) ? readdirSync(blocks) : []) {
    for (const name of readdirSync(join(blocks, shard))) {
      const mh = multihashOf(name)
      const row = mh && snapshot.get<{ pack: number }>('SELECT pack FROM blocks WHERE mh = ?', mh)
      if (row?.pack !== PLACE_FILE) rmSync(join(blocks, shard, name))
    }
  }
}

/** Undefined for what is no block's file: a copy that was not ended. */
function multihashOf(name: string): Uint8Array | undefined {
  try {
    return name.endsWith('.data') ? base32upper.decode(name.slice(0, -'.data'.length)) : undefined
  } catch {
    return undefined
  }
}
