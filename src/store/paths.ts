// The names of everything in a repository's folder (spec: store §1).

import { join } from 'node:path'

export interface RepoPaths {
  readonly database: string
  readonly daemonLock: string
  readonly daemonPid: string
  readonly writeLock: string
  readonly gcLock: string
  readonly packs: string
  readonly blocks: string
  readonly leases: string
  readonly quarantine: string
  readonly backups: string
  readonly reserve: string
  /** Where a rebuild makes the new database. */
  readonly rebuilt: string
  /** While it is there, the database is being replaced and must not be opened. */
  readonly rebuildMark: string
  /** Holds the database of a restore that is not finished. */
  readonly restoring: string
}

export const repoPaths = (path: string): RepoPaths => ({
  database: join(path, 'cairn.db'),
  daemonLock: join(path, 'daemon.lock'),
  daemonPid: join(path, 'daemon.pid'),
  writeLock: join(path, 'write.lock'),
  gcLock: join(path, 'gc.lock'),
  packs: join(path, 'packs'),
  blocks: join(path, 'blocks'),
  leases: join(path, 'leases'),
  quarantine: join(path, 'quarantine'),
  backups: join(path, 'backups'),
  reserve: join(path, 'reserve'),
  rebuilt: join(path, 'rebuild'),
  rebuildMark: join(path, 'rebuild', 'switching'),
  restoring: join(path, 'restore'),
})

export const packFile = (path: string, id: number): string => join(path, 'packs', `${id}.pack`)

export const leaseFile = (path: string, id: number): string => join(path, 'leases', `${id}.lock`)
