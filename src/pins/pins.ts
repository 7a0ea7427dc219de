// The pins of a node: roots with metadata, complete once everything below them is here, kept and durable (design §5).

import type { CID } from 'multiformats/cid'
import type { PinMode, PinsApi } from '../api/pins.ts'
import { CairnError } from '../errors.ts'
import { enforce } from '../limits.ts'
import type { Statement, Store } from '../store/store.ts'
import { addPin, type PinsOptions, updatePin } from './add.ts'
import * as rows from './rows.ts'
import { verifyPins } from './verify.ts'
import { whyPinned } from './why.ts'

export function createPins(options: PinsOptions): PinsApi {
  const { store } = options
  return {
    add: (cid, { mode = 'recursive', name = '', ...wait }) => addPin(options, { cid, mode, name }, wait),
    rm: (cid, { mode, name }) => removePins(store, { cid, mode, name }),
    ls: ({ cid, mode, status, name, signal }) =>
      rows.listPins(store.database, { cid, mode, status, nameContains: name }, signal),
    update: (from, to, wait) => updatePin(options, from, to, wait),
    verify: wait => verifyPins(store, wait),
    whyPinned: (cid, wait) => whyPinned(store, cid, wait),
  }
}

/** One transaction on rows: no walk, no network, whatever is missing below (H6). */
async function removePins(store: Store, filter: rows.PinFilter): Promise<void> {
  // A cluster unpins every CID that is not its own: what is not pinned must cost no write.
  const isPinned = rows.selectPins(store.database, filter, 0, 1).length > 0
  const [removed] = isPinned
    ? await store.write([rows.deleteStatement(filter), ...rows.ROOT_GONE], { freesRoom: true })
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
  const statements = cids.flatMap(cid => [
    rows.dropIncompleteStatement({ cid, mode, name }),
    rows.insertPinnedStatement({ cid, mode, name }, created),
  ])
  return statements.length === 0 ? [] : [...statements, rows.BUMP_ROOTS]
}
