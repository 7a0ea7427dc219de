// Working off `dead`: places without a row are unlinked in a later transaction than the one that dropped the row (spec: store §6.5).

import { rmSync } from 'node:fs'
import type { Transaction } from '../database/database.ts'
import { PLACE_FILE } from '../database/schema.ts'
import { packFile, repoPaths } from '../paths.ts'
import type { Store } from '../store.ts'
import { Books } from '../write/books.ts'
import { BlockFiles } from '../write/files.ts'
import { syncFolder } from '../write/sync-folder.ts'
import { findBackups } from './hold.ts'
import { countPlaces } from './pack-census.ts'
import { type GcWait, transactGently } from './throttle.ts'

interface DeadRow {
  readonly id: number
  readonly pack: number
  readonly mh: Uint8Array | null
  readonly size: number
}

/** An unlink takes 20 to 100 µs, and others wait for the mutex. */
const ROWS_PER_TRANSACTION = 200

/** Resolves with the bytes given back to the disk: none while a backup holds them. Also does what a killed process left undone. */
export async function workOffDead(store: Store, wait: GcWait): Promise<number> {
  const { database } = store
  const isPackDead = await emptyPacks(store, wait)
  const files = new BlockFiles(store.path)
  let freedBytes = 0
  let afterId = 0
  for (;;) {
    wait.signal.throwIfAborted()
    const page = database.all<DeadRow>(
      `SELECT id, pack, mh, size FROM dead WHERE id > ? ORDER BY id LIMIT ${ROWS_PER_TRANSACTION}`,
      afterId,
    )
    const last = page.at(-1)
    if (last === undefined) return freedBytes
    afterId = last.id
    const freed = await transactGently(store, wait, tx => {
      if (findBackups(tx, store.path).length > 0) return 'held'
      const books = new Books(tx)
      let [fileBytes, packBytes] = [0, 0]
      for (const row of page) {
        if (tx.run('DELETE FROM dead WHERE id = ?', row.id) === 0) continue
        fileBytes += row.pack === PLACE_FILE ? unlinkFile(tx, books, files, row) : 0
        if (row.pack > 0 && isPackDead(row.pack)) packBytes += unlinkPack(tx, books, store.path, row.pack)
      }
      books.close()
      // A cut would give a pack back that nobody knows any more; files that come back are found by their names.
      if (packBytes > 0) syncFolder(repoPaths(store.path).packs)
      return fileBytes + packBytes
    })
    if (freed === 'held') return freedBytes
    freedBytes += freed
  }
}

/** Put again since it died, the block uses the same name: only the row goes. */
function unlinkFile(tx: Transaction, books: Books, files: BlockFiles, { mh, size }: DeadRow): number {
  if (mh === null) return 0
  books.unlinked('file', size)
  const row = tx.get<{ pack: number }>('SELECT pack FROM blocks WHERE mh = ?', mh)
  if (row?.pack === PLACE_FILE) return 0
  rmSync(files.fileOf(mh), { force: true })
  return size
}

function unlinkPack(tx: Transaction, books: Books, path: string, id: number): number {
  const pack = tx.get<{ committed: number }>('SELECT committed FROM packs WHERE id = ? AND sealed = 1', id)
  if (pack === undefined) return 0
  tx.run('DELETE FROM packs WHERE id = ?', id)
  rmSync(packFile(path, id), { force: true })
  books.unlinked('pack', pack.committed)
  return pack.committed
}

/** A sealed pack gets no rows any more, so this may be found out without the mutex. */
async function emptyPacks(store: Store, wait: GcWait): Promise<(id: number) => boolean> {
  const dead = store.database.all<{ pack: number }>('SELECT pack FROM dead WHERE pack > 0')
  if (dead.length === 0) return () => false
  const listed = new Set(dead.map(({ pack }) => pack))
  const places = await countPlaces(store, wait.signal, wait.throttle)
  return id => listed.has(id) && !places.has(id)
}
