// Block files that no row knows, and what dead processes left: half-written files, leases, places that wait to be unlinked.

import { readdirSync } from 'node:fs'
import { relative } from 'node:path'
import { listStrayFiles } from '../collect/orphans.ts'
import { repoPaths } from '../paths.ts'
import { isLeaseAlive } from '../write/leases.ts'
import { type CheckContext, type CheckEvents, noted } from './check-context.ts'

export async function* checkFiles({ store, path, signal }: CheckContext): CheckEvents {
  for await (const stray of listStrayFiles(store, { signal })) {
    const name = relative(path, stray.file)
    if (stray.kind === 'orphan') yield noted('orphan-file', `${name} belongs to no block of the index`)
    if (stray.kind === 'unknown') yield noted('unknown-file', `${name} is nothing that Cairn makes`)
    if (stray.kind === 'temp' && !isLeaseAlive(path, stray.lease))
      yield noted('temporary-file', `${name} was left by a process that has died`)
  }
  const dead = store.database.get<{ n: number }>('SELECT count(*) AS n FROM dead')?.n ?? 0
  if (dead > 0) yield noted('dead-places', `${dead} files or packs wait to be unlinked by the next collection`)
  const quarantined = readdirSync(repoPaths(path).quarantine).length
  if (quarantined > 0) yield noted('quarantine', `${quarantined} damaged blocks are put aside in quarantine/`)
}

export async function* checkLeases({ store, path }: CheckContext): CheckEvents {
  for (const { id, pid } of store.database.all<{ id: number; pid: number }>('SELECT id, pid FROM leases')) {
    if (!isLeaseAlive(path, id)) yield noted('dead-lease', `process ${pid} died without closing the repository`)
  }
}
