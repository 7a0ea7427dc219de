// The names of everything in a repository's folder (spec: store §1).

import { join } from 'node:path'

export interface RepoPaths {
  readonly database: string
  readonly daemonLock: string
  readonly daemonPid: string
  readonly packs: string
  readonly blocks: string
  readonly leases: string
  readonly quarantine: string
  readonly backups: string
  readonly reserve: string
}

export const repoPaths = (path: string): RepoPaths => ({
  database: join(path, 'cairn.db'),
  daemonLock: join(path, 'daemon.lock'),
  daemonPid: join(path, 'daemon.pid'),
  packs: join(path, 'packs'),
  blocks: join(path, 'blocks'),
  leases: join(path, 'leases'),
  quarantine: join(path, 'quarantine'),
  backups: join(path, 'backups'),
  reserve: join(path, 'reserve'),
})

export const packFile = (path: string, id: number): string => join(path, 'packs', `${id}.pack`)

export const leaseFile = (path: string, id: number): string => join(path, 'leases', `${id}.lock`)
