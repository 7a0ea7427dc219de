// A power cut without a disk: which files were synced, and up to where, is noted; a copy of the repository gets zeros for the rest.

import { spawnSync } from 'node:child_process'
import fs, { closeSync, fstatSync, mkdirSync, openSync, readdirSync, statSync, writeSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { installPatches } from '../crash/planted/patch.ts'

/** By inode: bytes that have reached the disk. */
const syncedBytes = new Map<number, number>()

function note(fd: number): void {
  const { ino, size } = fstatSync(fd)
  syncedBytes.set(ino, size)
}

/** A temporary inode number may come again. */
function forget(fd: number): void {
  const { ino, size } = fstatSync(fd)
  if (size === 0) syncedBytes.delete(ino)
}

/** Must run before the product is loaded. The real syncs are left out: what they would save is noted, and that is faster. */
export async function watchSyncs(folder: string): Promise<void> {
  // The database is taken to have what it committed; that it syncs is shown elsewhere.
  const patches = [
    { file: 'src/store/database/database.ts', find: 'PRAGMA synchronous = FULL', replace: 'PRAGMA synchronous = OFF' },
  ]
  installPatches([{ name: 'a database that is faster than it is safe', patches }])
  for (const name of ['fsync', 'fdatasync'] as const) {
    const noted = (fd: number, done: (error: NodeJS.ErrnoException | null) => void) =>
      setImmediate(() => {
        try {
          note(fd)
          done(null)
        } catch (error) {
          done(error as NodeJS.ErrnoException)
        }
      })
    Object.assign(fs, { [name]: noted, [`${name}Sync`]: note })
  }
  const realOpen = fs.openSync
  Object.assign(fs, {
    openSync: (...args: Parameters<typeof fs.openSync>) => {
      const fd = realOpen(...args)
      forget(fd)
      return fd
    },
  })
  syncBuiltinESMExports()
  await using handle = await open(join(folder, 'watched'), 'w')
  const handles = Object.getPrototypeOf(handle) as FileHandle
  for (const name of ['sync', 'datasync'] as const) {
    handles[name] = async function (this: FileHandle) {
      await nextTurn()
      note(this.fd)
    }
  }
  const realWrite = handles.writeFile
  handles.writeFile = async function (this: FileHandle, ...args: Parameters<FileHandle['writeFile']>) {
    forget(this.fd)
    await realWrite.apply(this, args)
  }
}

/**
 * The repository as it would be found after a kill (`lost: 'processes'`) or a power cut at this moment.
 * By `cp`, not by this process: closing a copy of the database would drop the locks that it holds on it (spec: store §2.1).
 */
export function crashedCopy(path: string, to: string, lost: 'processes' | 'power'): void {
  mkdirSync(to, { recursive: true, mode: 0o700 })
  const files = readdirSync(path).filter(name => name !== 'reserve' && !name.endsWith('-shm'))
  const copied = spawnSync('cp', ['-a', '--', ...files.map(name => join(path, name)), to], { encoding: 'utf8' })
  if (copied.status !== 0) throw new Error(`the copy failed: ${copied.stderr}`)
  spawnSync('cp', ['-al', '--', join(path, 'reserve'), to])
  if (lost === 'processes') return
  for (const folder of ['packs', 'blocks'])
    for (const name of readdirSync(join(path, folder), { recursive: true, encoding: 'utf8' }))
      dropUnsynced(join(path, folder, name), join(to, folder, name))
}

/** ext4 and xfs show zeros, or nothing, where the length of a file reached the disk and its bytes did not. */
function dropUnsynced(original: string, copy: string): void {
  const { ino, size, mode } = statSync(original)
  if ((mode & fs.constants.S_IFMT) === fs.constants.S_IFDIR) return
  const good = syncedBytes.get(ino) ?? 0
  if (good >= size) return
  const fd = openSync(copy, 'r+')
  writeSync(fd, new Uint8Array(size - good), 0, size - good, good)
  closeSync(fd)
}
