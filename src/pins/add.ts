// Adding a pin: at once where everything is here, else a row from the start, a walk that makes all below it durable, and only then `pinned` (design §5).

import type { CID } from 'multiformats/cid'
import type { Pin, PinMeta, PinMode, PinProgress } from '../api/pins.ts'
import { checkDigest } from '../block/hash.ts'
import type { Wait } from '../block/source.ts'
import { CairnError, isCairnError } from '../errors.ts'
import { enforce } from '../limits.ts'
import type { Operation, Statement } from '../store/store.ts'
import { formatLabels } from './labels.ts'
import type { PinsContext } from './pins-context.ts'
import { pinPresent } from './present.ts'
import * as rows from './rows.ts'
import * as statements from './statements.ts'
import { walkRow } from './walk-row.ts'

export interface AddPinWait extends Wait {
  readonly onProgress?: ((progress: PinProgress) => void) | undefined
  /** Run in the transaction that completes the pin. */
  readonly statements?: readonly Statement[]
}

export interface Asked {
  readonly key: rows.PinKey
  readonly meta: statements.RowMeta
}

/** LIMIT, UNSUPPORTED_HASH, BAD_REQUEST for what cannot be pinned so, before anything is written. */
export function readAsked(cid: CID, mode: PinMode, { name = '', owner = '', ...more }: PinMeta): Asked {
  enforce('pinNameBytes', Buffer.byteLength(name), 'pin name')
  enforce('pinNameBytes', Buffer.byteLength(owner), 'pin owner')
  checkDigest(cid.multihash)
  const { labels = {}, expires, priority = 0 } = more
  if (!Number.isSafeInteger(priority)) throw new CairnError('BAD_REQUEST', `priority ${priority} is no whole number`)
  if (expires !== undefined && !Number.isSafeInteger(expires))
    throw new CairnError('BAD_REQUEST', `${expires} is no time at which a pin could end`)
  return {
    key: { cid, mode, name, owner },
    meta: { labels: formatLabels(labels), expires: expires ?? null, priority, created: Date.now() },
  }
}

export async function addPin(context: PinsContext, asked: Asked, wait: AddPinWait): Promise<Pin> {
  wait.signal.throwIfAborted()
  context.refuse(asked.key.cid)
  return (
    (await addComplete(context, asked, wait)) ??
    (await pinAtOnce(context, asked, wait)) ??
    // Another call for the same pin may have been faster.
    (await addComplete(context, asked, wait)) ??
    (await pinByWalk(context, asked, wait))
  )
}

async function addComplete(context: PinsContext, asked: Asked, { statements = [] }: AddPinWait) {
  const pin = await pinComplete(context, asked)
  if (pin !== undefined && statements.length > 0) await context.store.write(statements)
  return pin
}

/** Where this pin, or another of the same DAG, is complete already. */
export async function pinComplete(context: PinsContext, { key, meta }: Asked): Promise<Pin | undefined> {
  return (await pinAgain(context, key, meta)) ?? (await pinBeside(context, key, meta))
}

/** Where all of it is here: one transaction. */
async function pinAtOnce(
  { store, caps, refuse }: PinsContext,
  { key, meta }: Asked,
  wait: AddPinWait,
): Promise<Pin | undefined> {
  const { cid: root, mode } = key
  const isPinned = await pinPresent(store, { ...wait, root, mode, caps, refuse }, present => [
    statements.insertIfPresentStatement(key, meta, present),
    statements.dropIncompleteStatement(key),
    statements.BUMP_ROOTS,
    ...(wait.statements ?? []),
  ])
  return isPinned ? rows.findPinned(store.database, key) : undefined
}

/** Complete already. What is said of it this time counts: above all, without an end it stays. */
async function pinAgain({ store }: PinsContext, key: rows.PinKey, meta: statements.RowMeta): Promise<Pin | undefined> {
  const pin = rows.findPinned(store.database, key)
  if (pin === undefined) return undefined
  const isSame =
    (pin.expires ?? null) === meta.expires && (meta.labels === '' || meta.labels === formatLabels(pin.labels))
  if (isSame) return pin
  // 0 rows: it has ended and was removed this moment.
  const [renewed] = await store.write([statements.renewByIdStatement(pin.id, meta), statements.BUMP_ROOTS])
  return renewed === 1 ? rows.findPin(store.database, pin.id) : undefined
}

/** Another name or owner for what is complete already: no walk. */
async function pinBeside({ store }: PinsContext, key: rows.PinKey, meta: statements.RowMeta): Promise<Pin | undefined> {
  const { cid, mode } = key
  if (rows.selectPins(store.database, { cid, mode, status: 'pinned' }, 0, 1).length === 0) return undefined
  await store.write([
    statements.insertBesideStatement(key, meta),
    statements.dropIncompleteStatement(key),
    statements.BUMP_ROOTS,
  ])
  return rows.findPinned(store.database, key)
}

async function pinByWalk(context: PinsContext, { key, meta }: Asked, wait: AddPinWait): Promise<Pin> {
  const { store, slots } = context
  const { signal } = wait
  await using operation = await store.begin('pin')
  const id = await insertRow(context, { key, meta }, operation)
  try {
    using _ = await slots.enter(signal)
    await walkRow(context, { ...wait, id, operation, key })
    const pin = rows.findPin(store.database, id)
    if (pin === undefined) throw new CairnError('NOT_PINNED', 'the pin was removed as soon as it was made')
    return pin
  } catch (error) {
    // The same pin, completed by somebody else meanwhile, took this row's place.
    const other = isCairnError(error, 'NOT_PINNED') ? rows.findPinned(store.database, key) : undefined
    if (other !== undefined) return other
    await giveUp(context, { id, key, error, cancelled: signal.aborted })
    throw error
  }
}

function insertRow({ store }: PinsContext, { key, meta }: Asked, operation: Operation): Promise<number> {
  const { sql, params } = statements.insertStatement(key, meta, operation.id)
  return store.database.transact(tx => {
    tx.run(statements.BUMP_ROOTS.sql)
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
async function giveUp({ store, log }: PinsContext, { id, key, error, cancelled }: GivenUp): Promise<void> {
  try {
    await store.write(
      cancelled
        ? [statements.deleteByIdStatement(id), ...statements.ROOT_GONE]
        : statements.failStatements(key, id, reasonOf(error)),
    )
  } catch (cause) {
    log.warn('pin row left behind', { cid: key.cid.toString(), cause })
  }
}

export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 500)

export interface UpdatePinWait extends Wait {
  readonly unpin?: boolean
  readonly onProgress?: (progress: PinProgress) => void
}

/** Texts are Kubo's. */
export async function updatePin(context: PinsContext, from: CID, to: CID, wait: UpdatePinWait): Promise<Pin> {
  const { database } = context.store
  const complete = { mode: 'recursive', status: 'pinned' } as const
  const [old] = rows.selectPins(database, { cid: from, ...complete }, 0, 1)
  if (old === undefined) throw new CairnError('NOT_PINNED', "'from' cid was not recursively pinned already")
  if (from.equals(to)) return old
  if (rows.selectPins(database, { cid: to, ...complete }, 0, 1).length > 0)
    throw new CairnError('BAD_REQUEST', "'to' cid was already recursively pinned")
  const { unpin = true, ...rest } = wait
  const moveOthers = statements.copyOtherPinsStatement(from, to, old.id)
  const last = unpin
    ? [moveOthers, statements.deleteStatement({ cid: from, mode: 'recursive' }), ...statements.ROOT_GONE]
    : [moveOthers, statements.BUMP_ROOTS]
  const { name, owner, labels, expires, priority } = old
  const meta: PinMeta = { name, owner, labels, priority, ...(expires !== undefined && { expires }) }
  return addPin(context, readAsked(to, 'recursive', meta), { ...rest, statements: last })
}
