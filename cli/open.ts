// A command's own node: everything that needs the store, loaded only by commands that do.

import type { AddEvent, AddOptions, ImportSource } from '../src/api/add.ts'
import { importSources } from '../src/dag/import/import.ts'
import { type LocalNode, type OpenNodeOptions, openNode } from '../src/node/open.ts'
import { takeLock } from '../src/store/database/kernel-lock.ts'
import { repoPaths } from '../src/store/paths.ts'
import { repoExists } from '../src/store/repo.ts'

/** Opens the repository for the length of one command; `onMade` is called if it had to be made first. */
export async function openForCommand(options: Omit<OpenNodeOptions, 'role'>, onMade: () => void): Promise<LocalNode> {
  const isNew = options.createIfMissing === true && !repoExists(options.repo)
  const node = await openNode({ ...options, role: 'command' })
  if (isNew) onMade()
  return node
}

/** `--only-hash`: needs no repository, and makes none. */
export const hashOnly = (sources: readonly ImportSource[], options: AddOptions): AsyncIterable<AddEvent> =>
  importSources(sources, options, { put: block => block.release?.() })

/** Whether a daemon is alive: the kernel frees its lock however it ends. */
export function isDaemonLocked(repo: string): boolean {
  const lock = takeLock(repoPaths(repo).daemonLock)
  lock?.[Symbol.dispose]()
  return lock === undefined
}
