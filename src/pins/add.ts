// Adding a pin: a row from the start, a walk that makes everything below it durable, and only then `pinned` (design §5).

import type { CID } from 'multiformats/cid'
import type { Pin, PinProgress } from '../api/pins.ts'
import { checkDigest } from '../block/hash.ts'
import type { BlockSource, Wait } from '../block/source.ts'
import { CairnError, isCairnError } from '../errors.ts'
import { enforce } from '../limits.ts'
import type { Logger } from '../observe/log.ts'
import type { Statement, Store } from '../store/store.ts'
import { keepDag } from './keep-dag.ts'
import * as rows from './rows.ts'

export interface PinsOptions {
  readonly store: Store
  /** The blocks of a root: local ones first, then those of the network. */
  readonly sourceFor: (root: CID) => BlockSource
  readonly log: Logger
}

export interface AddPinWait extends Wait {
  readonly onProgress?: (progress: PinProgress) => void
  /** Run in the transaction that completes the pin. */
  readonly statements?: readonly Statement[]
}

export async function addPin(options: PinsOptions, key: rows.PinKey, wait: AddPinWait): Promise<Pin> {
  const { store } = options
  enforce('pinNameBytes', Buffer.byteLength(key.name), 'pin name')
  checkDigest(key.cid.multihash)
  wait.signal.throwIfAborted()
  return rows.findPinned(store.database, key) ?? (await pinBeside(store, key)) ?? (await pinByWalk(options, key, wait))
}

/** Another name for what is complete already: no walk. */
async function pinBeside(store: Store, key: rows.PinKey): Promise<Pin | undefined> {
  const { cid, mode } = key
  if (rows.selectPins(store.database, { cid, mode, status: 'pinned' }, 0, 1).length === 0) return undefined
  await store.write([rows.insertBesideStatement(key, Date.now()), rows.dropIncompleteStatement(key), rows.BUMP_ROOTS])
  return rows.findPinned(store.database, key)
}

async function pinByWalk(options: PinsOptions, key: rows.PinKey, wait: AddPinWait): Promise<Pin> {
  const { store, sourceFor } = options
  const { cid, mode, name } = key
  const { signal, onProgress, statements = [] } = wait
  await using operation = await store.begin('pin')
  const created = Date.now()
  const id = await insertRow(store, key, created)
  try {
    const source = sourceFor(cid)
    await keepDag({ store, operation, source, root: cid, mode, signal, onProgress })
    await operation.finish([rows.completeStatement(id), rows.dropIncompleteStatement(key, id), ...statements])
    return { id, cid, mode, name, status: 'pinned', created }
  } catch (error) {
    // The same pin, completed by somebody else meanwhile, took this row's place.
    const other = isCairnError(error, 'NOT_PINNED') ? rows.findPinned(store.database, key) : undefined
    if (other !== undefined) return other
    await giveUp(options, { id, key, error, cancelled: signal.aborted })
    throw error
  }
}

function insertRow(store: Store, key: rows.PinKey, created: number): Promise<number> {
  const { sql, params } = rows.insertStatement(key, created)
  return store.database.transact(tx => {
    tx.run(rows.BUMP_ROOTS.sql)
    return tx.insert(sql, ...params)
  })
}

interface GivenUp {
  readonly id: number
  readonly key: rows.PinKey
  readonly error: unknown
  readonly cancelled: boolean
}

/** Cancelled: as if it had never begun. Failed: the row stays, with the reason, and keeps what has come so far. */
async function giveUp({ store, log }: PinsOptions, { id, key, error, cancelled }: GivenUp): Promise<void> {
  const text = error instanceof Error ? error.message : String(error)
  try {
    await store.write(
      cancelled ? [rows.deleteByIdStatement(id), ...rows.ROOT_GONE] : rows.failStatements(key, id, text.slice(0, 500)),
    )
  } catch (cause) {
    log.warn('pin row left behind', { cid: key.cid.toString(), cause })
  }
}

export interface UpdatePinWait extends Wait {
  readonly unpin?: boolean
  readonly onProgress?: (progress: PinProgress) => void
}

/** Texts are Kubo's. */
export async function updatePin(options: PinsOptions, from: CID, to: CID, wait: UpdatePinWait): Promise<Pin> {
  const { database } = options.store
  const complete = { mode: 'recursive', status: 'pinned' } as const
  const [old] = rows.selectPins(database, { cid: from, ...complete }, 0, 1)
  if (old === undefined) throw new CairnError('NOT_PINNED', "'from' cid was not recursively pinned already")
  if (from.equals(to)) return old
  if (rows.selectPins(database, { cid: to, ...complete }, 0, 1).length > 0)
    throw new CairnError('BAD_REQUEST', "'to' cid was already recursively pinned")
  const { unpin = true, ...rest } = wait
  const moveOthers = rows.copyOtherNamesStatement(from, to, old.name)
  const statements = unpin
    ? [moveOthers, rows.deleteStatement({ cid: from, mode: 'recursive' }), ...rows.ROOT_GONE]
    : [moveOthers, rows.BUMP_ROOTS]
  return addPin(options, { cid: to, mode: 'recursive', name: old.name }, { ...rest, statements })
}
