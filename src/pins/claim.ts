// Taking a row of the queue for a walk: one process has it, and who dies with it in hand has it no longer (spec: store §3).

import type { Pin } from '../api/pins.ts'
import type { Operation, Store } from '../store/store.ts'
import { isLeaseAlive } from '../store/write/leases.ts'
import type { PinsContext } from './pins-context.ts'
import { pinPresent } from './present.ts'
import { findPin } from './rows.ts'
import { BUMP_ROOTS, claimStatement, completeIfPresentStatement } from './statements.ts'

export interface Claimed {
  readonly pin: Pin
  readonly operation: Operation
}

/** Looked at in one go; those that others walk are passed over. */
const MOST_CANDIDATES = 200
const SELECT_DUE = `SELECT id, walker FROM pins WHERE status < 2 AND (retry_at IS NULL OR retry_at <= ?)
  ORDER BY priority DESC, attempts, id LIMIT ${MOST_CANDIDATES}`

interface Candidate {
  readonly id: number
  readonly walker: number | null
}

/** The next row that is due and that nobody walks: of the highest priority, the least tried, the oldest; undefined if there is none. */
export async function claimNext(
  context: PinsContext,
  isResting: (id: number) => boolean,
  signal: AbortSignal,
): Promise<Claimed | undefined> {
  const { store, clock, walks } = context
  for (const { id, walker } of store.database.all<Candidate>(SELECT_DUE, Math.floor(clock.steady()))) {
    if (signal.aborted) return undefined
    if (isResting(id) || walks.has(id) || (walker !== null && isWalkerAlive(store, walker))) continue
    const pin = findPin(store.database, id)
    if (pin === undefined || (await completeAtOnce(context, pin, walker, signal))) continue
    const operation = await store.begin('pin')
    const [claimed] = await store.write([claimStatement(id, operation.id, walker)])
    if (claimed === 1) return { pin, operation }
    // Another process was faster.
    await operation.abort()
  }
  return undefined
}

/** Ids of operations and leases are never used again, so that "dead" stays true whatever comes between this and the claim. */
function isWalkerAlive({ database, path }: Store, walker: number): boolean {
  const row = database.get<{ lease: number }>('SELECT lease FROM operations WHERE id = ? AND finished IS NULL', walker)
  return row !== undefined && isLeaseAlive(path, row.lease)
}

/** All here already: neither an operation nor a claim is needed. */
async function completeAtOnce(
  { store, caps, refuse }: PinsContext,
  { id, cid: root, mode }: Pin,
  walker: number | null,
  signal: AbortSignal,
): Promise<boolean> {
  if (walker !== null) return false
  try {
    return await pinPresent(store, { root, mode, caps, refuse, signal }, present => [
      completeIfPresentStatement(id, present),
      BUMP_ROOTS,
    ])
  } catch {
    // What is wrong with it, its walk will find and tell.
    signal.throwIfAborted()
    return false
  }
}
