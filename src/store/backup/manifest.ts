// What a backup folder says of itself: `cairn-backup.json`. With its rename a backup is done; before it, the one before counts.

import { createHash } from 'node:crypto'
import {
  createReadStream,
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Wait } from '../../block/source.ts'
import { CairnError } from '../../errors.ts'
import { syncFile, syncFolder } from '../write/sync-folder.ts'

const FORMAT = 1

export interface Manifest {
  readonly format: number
  /** Of the repository: names of packs and files mean nothing beside those of another. */
  readonly repoId: number
  readonly program: string
  readonly schema: number
  readonly made: string
  /** The number in the name of the index, and what proves that it is whole; undefined until the first backup is done. */
  readonly index?: { readonly number: number; readonly sizeBytes: number; readonly sha256: string }
  readonly blocks: number
  readonly bytes: number
}

const manifestFile = (folder: string): string => join(folder, 'cairn-backup.json')

export const indexFile = (folder: string, number: number): string => join(folder, `index-${number}.db`)

/** Undefined if there is none. BAD_REQUEST if it cannot be read. */
export function readManifest(folder: string): Manifest | undefined {
  const file = manifestFile(folder)
  if (!existsSync(file)) return undefined
  let manifest: Manifest
  try {
    manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest
  } catch (cause) {
    throw new CairnError('BAD_REQUEST', `${file} cannot be read`, { cause })
  }
  if (manifest.format === FORMAT) return manifest
  throw new CairnError('REPO_NEWER', `${folder} is a backup of format ${manifest.format}; this Cairn knows ${FORMAT}`, {
    hint: `use the Cairn that made it (${manifest.program}) or a newer one`,
  })
}

/** Durable when it returns. */
export function writeManifest(folder: string, manifest: Omit<Manifest, 'format'>): void {
  const file = manifestFile(folder)
  writeFileSync(`${file}.tmp`, `${JSON.stringify({ format: FORMAT, ...manifest }, undefined, 2)}\n`, { mode: 0o600 })
  syncFile(`${file}.tmp`)
  renameSync(`${file}.tmp`, file)
  syncFolder(folder)
}

/** A copy inside of what it is a copy of is lost with it. */
export function checkApart(folder: string, repo: string): void {
  const way = relative(realpathSync(repo), realFolder(folder))
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) return
  throw new CairnError('FORBIDDEN', `${folder} lies in the repository itself`, {
    hint: 'choose a folder elsewhere, best on another disk',
  })
}

/** Where `folder` is or will be, links followed as far as it is there. */
function realFolder(folder: string): string {
  if (existsSync(folder) || dirname(folder) === folder) return realpathSync(folder)
  return join(realFolder(dirname(folder)), basename(folder))
}

/** The folder is empty or a backup of this repository; FORBIDDEN otherwise. */
export function checkTarget(folder: string, repoId: number): Manifest | undefined {
  const before = readManifest(folder)
  if (before === undefined && readdirSync(folder).length > 0)
    throw new CairnError('FORBIDDEN', `${folder} is not empty, and no backup`, {
      hint: 'choose an empty or a new folder',
    })
  if (before !== undefined && before.repoId !== repoId) {
    throw new CairnError('FORBIDDEN', `${folder} is a backup of another repository`, {
      hint: 'choose a new folder; a repository that was restored or rebuilt counts as another one',
    })
  }
  return before
}

export async function hashFile(file: string, { signal }: Wait): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash, { signal })
  return hash.digest('hex')
}
