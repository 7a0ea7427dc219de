// `repo check --repair` with whom it asks for blocks: other repositories on this machine first, then the network.

import type { CID } from 'multiformats/cid'
import type { CheckEvent, CheckRequest } from '../api/repo.ts'
import { blockKey } from '../block/cid.ts'
import { Lru } from '../dag/lru.ts'
import type { Logger } from '../observe/log.ts'
import { checkRepo } from '../store/check/check.ts'
import type { FetchFor } from '../store/check/repair-plan.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import type { FetchBlock } from './sources.ts'

export interface RepairParts {
  readonly store: Store
  /** Undefined while the node is offline. */
  readonly session: ((root: CID) => FetchBlock) | undefined
  readonly log: Logger
}

/** On this thread: the network is here. */
export async function* repairRepo(
  { store, session, log }: RepairParts,
  { readData = false, from = [], signal }: CheckRequest,
): AsyncGenerator<CheckEvent> {
  await using others = new AsyncDisposableStack()
  const sources: FetchFor[] = []
  for (const path of from) sources.push(fromStore(others.use(await openOther(path))))
  if (session !== undefined) sources.push(fromNetwork(session))
  yield* checkRepo({ path: store.path, store, readData, repair: { sources }, log, signal })
}

const openOther = (path: string): Promise<Store> =>
  openStore({ path, maxBytes: Number.MAX_SAFE_INTEGER, cacheBytes: 0, graceMs: 0, verify: 'full', commit: 'inline' })

const fromStore =
  (store: Store): FetchFor =>
  (_root, cid, wait) =>
    store.get(cid, wait)

/** A session knows who has something of its root. */
function fromNetwork(session: (root: CID) => FetchBlock): FetchFor {
  const sessions = new Lru<string, FetchBlock>({ max: 256 })
  return (root, cid, wait) => {
    const key = blockKey(root)
    const fetchBlock = sessions.get(key) ?? session(root)
    sessions.set(key, fetchBlock)
    return fetchBlock(cid, wait)
  }
}
