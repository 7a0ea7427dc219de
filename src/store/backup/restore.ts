// `cairn restore`: a repository from a backup, every block hashed. It becomes one by a last rename; a killed one is gone on with.

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Wait } from '../../block/source.ts'
import { CairnError } from '../../errors.ts'
import { explainPlace, makeFolders } from '../../writable.ts'
import { cidOf } from '../check/check-block.ts'
import { openDatabase } from '../database/database.ts'
import { checkFilesystem } from '../database/filesystem.ts'
import { PLACE_BAD, SCHEMA_VERSION } from '../database/schema.ts'
import { repoPaths } from '../paths.ts'
import type { Placed } from '../rebuild/placed-reader.ts'
import { demoteBrokenPins } from '../rebuild/verify-roots.ts'
import { writeReserve } from '../room/reserve.ts'
import { makeLastingFolders, syncFile, syncFolder } from '../write/sync-folder.ts'
import { type CopyProgress, copyFiles, copyPacks, copySideFiles } from './backup.ts'
import { Copier } from './copy-file.ts'
import { hashFile, indexFile, type Manifest, readManifest } from './manifest.ts'
import { openIndex, recountAll } from './snapshot.ts'
import { verifyCopy } from './verify-copy.ts'

export interface RestoreOptions extends Wait {
  /** The backup. */
  readonly folder: string
  /** The repository that it becomes: nothing may be there yet. */
  readonly path: string
  /** Take what is whole of a damaged backup: pins that miss something are queued again. */
  readonly salvage?: boolean
}

export interface RestoreResult {
  readonly blocks: number
  readonly bytes: number
  readonly pins: number
  /** With `salvage`: left out, and pins that need them. */
  readonly badBlocks: number
  readonly brokenPins: number
}

export type RestoreEvent = CopyProgress | ({ readonly type: 'done' } & RestoreResult)

export async function* restoreRepo(options: RestoreOptions): AsyncGenerator<RestoreEvent> {
  const { folder, path, signal } = options
  const { index, blocks, bytes } = await checkBackup(folder, { signal })
  prepare(path)
  const { restoring } = repoPaths(path)
  const copier = new Copier({ signal })
  const from = indexFile(folder, index.number)
  {
    using snapshot = openIndex(from)
    yield* copyPacks(folder, path, snapshot, copier)
    yield* copyFiles(folder, path, snapshot, copier)
  }
  await copySideFiles(folder, path, copier)
  const fresh = repoPaths(restoring).database
  for (const name of readdirSync(restoring)) rmSync(join(restoring, name), { force: true })
  await copier.copy({ from, to: fresh, sizeBytes: index.sizeBytes })
  copier.sync()
  const checked = yield* finishDatabase(fresh, options, blocks)
  await writeReserve(repoPaths(path).reserve)
  syncFolder(path)
  renameSync(fresh, repoPaths(path).database)
  syncFolder(path)
  rmSync(restoring, { recursive: true, force: true })
  yield { type: 'done', blocks: blocks - checked.badBlocks, bytes, ...checked }
}

type Done = Manifest & { readonly index: NonNullable<Manifest['index']> }

async function checkBackup(folder: string, { signal }: Wait): Promise<Done> {
  const manifest = existsSync(folder) ? readManifest(folder) : undefined
  if (manifest === undefined)
    throw new CairnError('NOT_FOUND', `${folder} is no backup`, {
      hint: 'name the folder that `cairn backup` wrote to',
    })
  const { index, schema, program } = manifest
  if (index === undefined)
    throw new CairnError('NOT_FOUND', `the first backup into ${folder} was never finished`, { hint: 'make it again' })
  if (schema > SCHEMA_VERSION)
    throw new CairnError('REPO_NEWER', `${folder} was made by Cairn ${program}`, {
      hint: `restore it with Cairn ${program} or newer`,
    })
  if ((await hashFile(indexFile(folder, index.number), { signal })) !== index.sha256) {
    throw new CairnError('CORRUPT_BLOCK', `the index of the backup ${folder} is damaged`, {
      hint: 'copy the folder, and make an index of what is in it: `cairn repo rebuild --repo COPY`',
    })
  }
  return { ...manifest, index }
}

/** FORBIDDEN if anything is there, but for what an earlier try left. */
function prepare(path: string): void {
  const paths = repoPaths(path)
  const isOurs = existsSync(paths.restoring) && !existsSync(paths.database)
  if (!isOurs && existsSync(path) && readdirSync(path).length > 0) {
    throw new CairnError('FORBIDDEN', `${path} is not empty`, {
      hint: 'restore into a new folder: `cairn restore DIR --repo FOLDER`',
    })
  }
  try {
    makeLastingFolders(path, 0o700)
    checkFilesystem(path)
    if (!isOurs) mkdirSync(paths.restoring, { mode: 0o700 })
    for (const folder of [paths.packs, paths.blocks, paths.leases, paths.quarantine, paths.backups])
      makeFolders(folder, 0o700)
  } catch (error) {
    throw explainPlace(error, path)
  }
}

/** Hashes all that it names, gives it a life of its own, and makes it durable. */
async function* finishDatabase(
  file: string,
  { path, signal, salvage = false }: RestoreOptions,
  total: number,
): AsyncGenerator<RestoreEvent, Pick<RestoreResult, 'pins' | 'badBlocks' | 'brokenPins'>> {
  const bad: Placed[] = []
  let brokenPins = 0
  using database = openDatabase(file)
  const { connection } = database
  const verifying = verifyCopy({ path, index: database, signal, onBad: row => bad.push(row) })
  for (let step = await verifying.next(); step.done !== true; step = await verifying.next())
    yield { type: 'progress', stage: 'verify', done: step.value, total }
  const [first] = bad
  if (first !== undefined && !salvage) {
    throw new CairnError(
      'CORRUPT_BLOCK',
      `${bad.length} blocks of the backup are damaged or missing, such as ${cidOf(first.mh)}`,
      {
        hint: 'restore what is whole with --salvage; pins that miss something are queued again',
      },
    )
  }
  // Names of packs mean something else here from now on: a backup of it must not go on where that of the old one ended.
  connection.exec("PRAGMA journal_mode = WAL; DELETE FROM meta WHERE key = 'repo_id'")
  const forget = connection.prepare(`UPDATE blocks SET pack = ${PLACE_BAD}, at = 0 WHERE mh = ?`)
  for (const { mh, pack, at } of bad) {
    forget.run(mh)
    if (pack === 0) connection.prepare('DELETE FROM data WHERE id = ?').run(at)
  }
  if (bad.length > 0) {
    recountAll(connection)
    await demoteBrokenPins({ path, database, signal, onBroken: ({ kind }) => (brokenPins += kind === 'pin' ? 1 : 0) })
  }
  const pins = database.get<{ n: number }>('SELECT count(*) AS n FROM pins')?.n ?? 0
  connection.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database[Symbol.dispose]()
  syncFile(file)
  return { pins, badBlocks: bad.length, brokenPins }
}
