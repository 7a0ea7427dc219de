// The pins of a node: roots with metadata, complete once everything below them is here, kept and durable (design §5).

import type { CID } from 'multiformats/cid'
import type { PinMode, PinsApi } from '../api/pins.ts'
import { CairnError } from '../errors.ts'
import { enforce } from '../limits.ts'
import type { Statement, Store } from '../store/store.ts'
import { modeOf, rootAbove } from './above.ts'
import { addPin, readAsked, updatePin } from './add.ts'
import { type PinsOptions, pinsContext } from './pins-context.ts'
import { enqueuePin, workQueue } from './queue.ts'
import * as rows from './rows.ts'
import * as statements from './statements.ts'
import { verifyPins } from './verify.ts'
import { whyPinned } from './why.ts'
import { whyBlock } from './why-block.ts'

export function createPins(options: PinsOptions): PinsApi {
  const context = pinsContext(options)
  const { store } = context
  return {
    add: async (cid, { mode = 'recursive', signal, onProgress, ...meta }) =>
      addPin(context, readAsked(cid, mode, meta), { signal, onProgress }),
    enqueue: async (cid, { mode = 'recursive', signal: _, ...meta }) => enqueuePin(context, readAsked(cid, mode, meta)),
    rm: (cid, { mode, name, owner }) => removePins(store, { cid, mode, name, owner }),
    ls: ({ name, signal, afterId, ...filter }) =>
      rows.listPins(store.database, { ...filter, nameContains: name }, { signal, afterId }),
    progress: id => context.walks.get(id)?.state,
    update: (from, to, wait) => updatePin(context, from, to, wait),
    verify: wait => verifyPins(store, wait),
    whyPinned: (cid, wait) => whyPinned(store, cid, wait),
    modeOf: cid => modeOf(store, cid),
    rootAbove: (cid, wait) => rootAbove(store, cid, wait),
    why: (cid, wait) => whyBlock(store, cid, { ...wait, graceMs: context.graceMs }),
    work: wait => workQueue(context, wait),
  }
}

/** One transaction on rows: no walk, no network, whatever is missing below (H6). */
async function removePins(store: Store, filter: rows.RowFilter): Promise<void> {
  // A cluster unpins every CID that is not its own: what is not pinned must cost no write.
  const isPinned = rows.selectPins(store.database, filter, 0, 1).length > 0
  const [removed] = isPinned
    ? await store.write([statements.deleteStatement(filter), ...statements.ROOT_GONE], { freesRoom: true })
    : [0]
  // The text is Kubo's; ipfs-cluster compares it as a whole.
  if (removed === 0) throw new CairnError('NOT_PINNED', 'not pinned or pinned indirectly')
}

export interface PinStatementsOptions {
  readonly mode: PinMode
  readonly name: string
  /** Milliseconds since the epoch; default now. */
  readonly created?: number
}

/** Pins whole DAGs that an operation has just put, in that operation's last transaction. */
export function pinStatements(cids: readonly CID[], options: PinStatementsOptions): Statement[] {
  const { mode, name, created = Date.now() } = options
  enforce('pinNameBytes', Buffer.byteLength(name), 'pin name')
  const meta = { labels: '', expires: null, priority: 0, created }
  const changes = cids.flatMap(cid => {
    const key = { cid, mode, name, owner: '' }
    return [
      statements.dropIncompleteStatement(key),
      statements.unexpireStatement(key),
      statements.insertPinnedStatement(key, meta),
    ]
  })
  return changes.length === 0 ? [] : [...changes, statements.BUMP_ROOTS]
}
