// Block files that no row knows, and what dead processes left: half-written files, leases, places that wait to be unlinked.

import { existsSync, readdirSync } from 'node:fs'
import { relative } from 'node:path'
import { listStrayFiles } from '../collect/orphans.ts'
import { repoPaths } from '../paths.ts'
import { isLeaseAlive } from '../write/leases.ts'
import { type CheckContext, type CheckEvents, errorFound, mended, notDone, noted } from './check-context.ts'
import {
  buryDead,
  emptyDead,
  makeFolder,
  missingFolders,
  removeLeaseFile,
  removeOrphan,
  removeTemp,
} from './repair-files.ts'

export async function* checkFolders(context: CheckContext): CheckEvents {
  for (const folder of missingFolders(context.path)) {
    const found = errorFound('missing-folder', `the folder ${relative(context.path, folder)}/ is gone`)
    yield await mended(context, found, () => makeFolder(folder))
  }
}

export async function* checkFiles(context: CheckContext): CheckEvents {
  const { store, path, signal } = context
  const { blocks, quarantine } = repoPaths(path)
  // That a folder is gone was told before.
  if (existsSync(blocks)) {
    for await (const stray of listStrayFiles(store, { signal })) {
      const name = relative(path, stray.file)
      if (stray.kind === 'orphan') {
        const found = noted('orphan-file', `${name} belongs to no block of the index`)
        yield await mended(context, found, () => removeOrphan(context, stray))
      }
      if (stray.kind === 'unknown') {
        const found = noted('unknown-file', `${name} is nothing that Cairn makes`)
        yield await mended(context, found, () => notDone('it may be dear to somebody'))
      }
      if (stray.kind === 'temp' && !isLeaseAlive(path, stray.lease)) {
        const found = noted('temporary-file', `${name} was left by a process that has died`)
        yield await mended(context, found, () => removeTemp(context, stray))
      }
    }
  }
  const quarantined = existsSync(quarantine) ? readdirSync(quarantine).length : 0
  if (quarantined > 0) yield noted('quarantine', `${quarantined} damaged blocks are put aside in quarantine/`)
}

export async function* checkDead(context: CheckContext): CheckEvents {
  const dead = context.store.database.get<{ n: number }>('SELECT count(*) AS n FROM dead')?.n ?? 0
  if (dead === 0) return
  const found = noted('dead-places', `${dead} files or packs wait to be unlinked by the next collection`)
  yield await mended(context, found, () => emptyDead(context))
}

export async function* checkLeases(context: CheckContext): CheckEvents {
  const { store, path } = context
  const rows = store.database.all<{ id: number; pid: number }>('SELECT id, pid FROM leases')
  for (const { id, pid } of rows) {
    if (isLeaseAlive(path, id)) continue
    const found = noted('dead-lease', `process ${pid} died without closing the repository`)
    yield await mended(context, found, () => buryDead(context, id))
  }
  const known = new Set(rows.map(({ id }) => id))
  const { leases } = repoPaths(path)
  for (const name of existsSync(leases) ? readdirSync(leases) : []) {
    const id = Number(/^(\d+)\.lock$/.exec(name)?.[1] ?? Number.NaN)
    if (Number.isNaN(id) || known.has(id) || isLeaseAlive(path, id) || isKnown(context, id)) continue
    const found = noted('stray-lease', `leases/${name} belongs to no process`)
    yield await mended(context, found, () => removeLeaseFile(context, id))
  }
}

const isKnown = ({ store }: CheckContext, id: number): boolean =>
  store.database.get('SELECT 1 FROM leases WHERE id = ?', id) !== undefined
