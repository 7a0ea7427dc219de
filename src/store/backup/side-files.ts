// The small files beside the database that belong to a repository and not to its processes: config, identity, keys.

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { MiB } from '../../units.ts'

/** Of processes that live now, or made anew. */
const PASSING =
  /^(cairn\.db|reserve$|api$|gateway$|daemon\.pid$|cairn-backup\.json|index-\d+\.db)|\.(lock|lock-journal|tmp)$/
/** Nothing that Cairn writes there is larger; what else somebody put there is theirs to back up. */
const MOST_BYTES = 1 * MiB

export interface SideFile {
  readonly name: string
  readonly file: string
  readonly sizeBytes: number
}

export function listSideFiles(folder: string): SideFile[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isFile() && !PASSING.test(entry.name))
    .map(({ name }) => ({ name, file: join(folder, name), sizeBytes: statSync(join(folder, name)).size }))
    .filter(({ sizeBytes }) => sizeBytes <= MOST_BYTES)
}
