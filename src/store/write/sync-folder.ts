// The syncs of files and folders: without a folder's own a new, renamed or unlinked name may be gone again after a power cut.

import { closeSync, existsSync, fdatasyncSync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolders } from '../../writable.ts'

export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Its data and size. Never of the database or a lock: any close of those drops their locks (spec: store §2.1). */
export function syncFile(file: string): void {
  const fd = openSync(file, 'r+')
  try {
    fdatasyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** As `makeFolders`; what it makes on the way is a name in the folder above, and lasts only once that is synced. */
export function makeLastingFolders(path: string, mode: number): void {
  const wasThere = nearestFolder(dirname(path))
  makeFolders(path, mode)
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    syncFolder(folder)
    if (folder === wasThere) return
  }
}

const nearestFolder = (path: string): string =>
  existsSync(path) || path === dirname(path) ? path : nearestFolder(dirname(path))
