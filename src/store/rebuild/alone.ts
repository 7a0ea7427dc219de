// Having a repository for oneself: all its locks taken, and nobody who has the database open (spec: store §2, §3).

import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { CairnError } from '../../errors.ts'
import { isLockHeld, lockHolder, takeLock } from '../database/kernel-lock.ts'
import { repoPaths } from '../paths.ts'

/** Held until disposed: no daemon starts, nobody collects, nobody writes. REPO_LOCKED, with the pids of who is there. */
export function claimRepo(path: string): Disposable {
  const { daemonLock, gcLock, writeLock } = repoPaths(path)
  const held: Disposable[] = []
  const release = (): void => {
    for (const lock of held.splice(0)) lock[Symbol.dispose]()
  }
  try {
    for (const file of [daemonLock, gcLock, writeLock]) {
      const lock = takeLock(file)
      if (lock === undefined) throw inUse(path, pidsOf([lockHolder(file)]))
      held.push(lock)
    }
    checkNobody(path)
  } catch (error) {
    release()
    throw error
  }
  return { [Symbol.dispose]: release }
}

/** REPO_LOCKED if a process writes (its lease lives) or has the database open. */
export function checkNobody(path: string): void {
  const leases = readdirSync(repoPaths(path).leases)
    .map(name => join(repoPaths(path).leases, name))
    .filter(file => file.endsWith('.lock') && isLockHeld(file))
  const pids = pidsOf([...leases.map(lockHolder), ...openersOf(path)])
  if (leases.length > 0 || pids.length > 0) throw inUse(path, pids)
}

/** Processes other than this one that have cairn.db open: in WAL mode each connection holds a lock on it or its shared memory. */
export function openersOf(path: string): number[] {
  const { database } = repoPaths(path)
  const files = [database, `${database}-shm`].flatMap(file => statSync(file, { throwIfNoEntry: false }) ?? [])
  return holdersOf(files)
}

type Inode = Pick<Stats, 'ino' | 'dev'>

/** From the kernel's list of locks (Linux; elsewhere only leases and the daemon tell). */
function holdersOf(files: readonly Inode[]): number[] {
  const found = new Set<number>()
  for (const line of readLocks()) {
    const [, pid = '', inode = ''] = /\s(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/.exec(line) ?? []
    if (files.some(({ ino }) => ino === Number(inode)) && Number(pid) !== process.pid) found.add(Number(pid))
  }
  return [...found].filter(pid => mayHaveOpen(pid, files))
}

function readLocks(): string[] {
  try {
    return readFileSync('/proc/locks', 'utf8').split('\n')
  } catch {
    // Elsewhere than on Linux there is no such list.
    return []
  }
}

/** Another file system may have a file of the same number. A process that cannot be looked into counts as one that has it. */
function mayHaveOpen(pid: number, files: readonly Inode[]): boolean {
  try {
    const folder = `/proc/${pid}/fd`
    return readdirSync(folder).some(fd => {
      const open = statSync(join(folder, fd), { throwIfNoEntry: false })
      return open !== undefined && files.some(({ ino, dev }) => ino === open.ino && dev === open.dev)
    })
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}

const pidsOf = (pids: readonly (number | undefined)[]): number[] =>
  [...new Set(pids.filter(pid => pid !== undefined && pid !== process.pid))] as number[]

function inUse(path: string, pids: readonly number[]): CairnError {
  const who =
    pids.length === 0
      ? 'another process has'
      : `process${pids.length > 1 ? 'es' : ''} ${pids.join(', ')} ${pids.length > 1 ? 'have' : 'has'}`
  return new CairnError('REPO_LOCKED', `${who} ${path} open`, {
    hint: 'stop the daemon (`cairn shutdown`) and every other command that uses the repository, then try again',
  })
}
