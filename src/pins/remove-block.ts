// Removing one block that nothing keeps: first looked at, then deleted in a transaction that finds everything as it was.

import type { CID } from 'multiformats/cid'
import type { Wait } from '../block/source.ts'
import { CairnError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { checkUnused } from '../store/write/users.ts'
import { rootsVersion } from './mark.ts'
import { Reach } from './reach.ts'
import { whyPinned } from './why.ts'
import { namedPath, tableRoots } from './why-block.ts'

/** How often roots or the block may change while it is looked at. */
const TRIES = 10

/** False if it is not here. FORBIDDEN if a root keeps it, or an operation may. */
export async function removeUnkept(
  store: Store,
  cid: CID,
  wait: Wait,
  remove: Store['remove'] = (which, options) => store.remove(which, options),
): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries++) {
    const row = store.database.get<{ epoch: number }>('SELECT epoch FROM blocks WHERE mh = ?', cid.multihash.bytes)
    const seen = { rootsVersion: rootsVersion(store), epoch: row?.epoch ?? 0 }
    // Before the roots: what had met the block and ends meanwhile would leave no trace in its row.
    checkUnused(store.database, store.path, seen.epoch)
    await checkUnkept(store, cid, wait)
    const removed = await remove(cid, { ...wait, seen })
    if (removed !== 'changed') return removed
  }
  throw new CairnError('FORBIDDEN', `the roots changed ${TRIES} times while the block was looked at`, {
    hint: 'try again when less is going on',
  })
}

async function checkUnkept(store: Store, cid: CID, wait: Wait): Promise<void> {
  const keeper = await whyPinned(store, cid, wait)
  if (keeper !== undefined) {
    const how = keeper.mode === 'indirect' ? `indirect via ${keeper.root}` : keeper.mode
    throw new CairnError('FORBIDDEN', `pinned: ${how}`, { hint: `unpin it first: cairn pin rm ${keeper.root}` })
  }
  const reach = new Reach(store, cid, wait)
  for (const { kind, key, root } of tableRoots(store)) {
    const path = await reach.pathFrom(root, true)
    if (path === undefined) continue
    const where = kind === 'mfs' ? `in the file tree: /${namedPath(path)}` : `published: ${key}`
    throw new CairnError('FORBIDDEN', where, { hint: 'take it out of there first' })
  }
}
