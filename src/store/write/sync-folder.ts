// The syncs of files and folders: without a folder's own a new, renamed or unlinked name may be gone again after a power cut.

import { closeSync, fdatasyncSync, fsyncSync, openSync } from 'node:fs'

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
