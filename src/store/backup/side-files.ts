// The small files beside the database that belong to a repository and not to its processes: config, identity, keys, denylists.

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { LIMITS } from '../../limits.ts'
import { MiB } from '../../units.ts'

/** Of processes that live now, made anew, or a log. */
const PASSING =
  /^(cairn\.db|reserve$|api$|gateway$|daemon\.pid$|cairn-backup\.json|index-\d+\.db|refused\.log)|\.(lock|lock-journal|tmp)$/
/** Nothing that Cairn writes is larger, but for denylists; what else somebody put there is theirs to back up. */
const MOST_BYTES = 1 * MiB

/** Whose files belong to the repository: they come and go, and what is gone must not come back with a backup. */
export const SIDE_FOLDERS = ['signing-keys', 'denylists', 'denylists/subscribed'] as const

export interface SideFile {
  /** Its path in the repository. */
  readonly name: string
  readonly file: string
  readonly sizeBytes: number
}

export const listSideFiles = (path: string): SideFile[] =>
  ['', ...SIDE_FOLDERS].flatMap(folder => filesIn(path, folder))

/** Those that nobody else has, and that are small enough for a copy each day. */
export const listDailyFiles = (path: string): SideFile[] =>
  listSideFiles(path).filter(
    ({ name, sizeBytes }) =>
      sizeBytes <= MOST_BYTES && (!name.startsWith('denylists/') || name === 'denylists/own.deny'),
  )

function filesIn(path: string, folder: string): SideFile[] {
  return entriesOf(join(path, folder))
    .filter(name => !PASSING.test(name))
    .flatMap(entry => {
      const [name, file] = [join(folder, entry), join(path, folder, entry)]
      const sizeBytes = statSync(file, { throwIfNoEntry: false })?.size
      const mostBytes = name.endsWith('.deny') ? LIMITS.denyListBytes.value : MOST_BYTES
      return sizeBytes === undefined || sizeBytes > mostBytes ? [] : [{ name, file, sizeBytes }]
    })
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(({ name }) => name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
