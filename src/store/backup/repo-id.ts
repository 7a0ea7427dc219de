// A number that tells this repository from every other, so that a backup folder is never filled from two of them.

import { randomInt } from 'node:crypto'
import type { Store } from '../store.ts'

const KEY = 'repo_id'

/** Made when it is first asked for. READ_ONLY where it cannot be. */
export async function repoId(store: Store): Promise<number> {
  const read = () => store.database.get<{ value: number }>('SELECT value FROM meta WHERE key = ?', KEY)?.value
  const known = read()
  if (known !== undefined) return known
  await store.database.transact(tx => tx.run('INSERT OR IGNORE INTO meta VALUES (?, ?)', KEY, randomInt(2 ** 47)))
  return read() ?? 0
}
