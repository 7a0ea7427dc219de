// One walk of one pin row: under an operation of the store, watched while it goes on, ended by a single transaction.

import type { PinProgress } from '../api/pins.ts'
import { CairnError, isCairnError } from '../errors.ts'
import type { Operation, Statement } from '../store/store.ts'
import { enforceCap } from './caps.ts'
import { KeepWalk } from './keep-dag.ts'
import type { PinsContext } from './pins-context.ts'
import { ProgressMeter } from './progress.ts'
import type { PinKey } from './rows.ts'
import { completeStatement, dropIncompleteStatement } from './statements.ts'

export interface WalkRow {
  readonly id: number
  /** Its `walker` is this operation. */
  readonly operation: Operation
  readonly key: PinKey
  readonly signal: AbortSignal
  readonly onProgress?: ((progress: PinProgress) => void) | undefined
  /** Run in the transaction that completes the pin. */
  readonly statements?: readonly Statement[] | undefined
  /** Gives up when nothing came for so long. */
  readonly patienceMs?: number | undefined
}

const TICK_MS = 1000

/** Resolves when the pin is complete and durable; the row is the caller's to settle if it does not. */
export async function walkRow(context: PinsContext, row: WalkRow): Promise<void> {
  const { store, caps, refuse, sourceFor, walks } = context
  const { id, operation, key, signal, onProgress, statements = [] } = row
  const source = sourceFor(key.cid)
  const walk = new KeepWalk({
    store,
    operation,
    source,
    root: key.cid,
    mode: key.mode,
    caps,
    refuse,
    signal,
    onProgress,
  })
  const meter = new ProgressMeter({ walk, source, codec: key.cid.code })
  walks.set(id, meter)
  const timer = setInterval(() => tick(context, row, walk, meter), Math.min(TICK_MS, row.patienceMs ?? TICK_MS))
  try {
    await walk.run()
    await operation.finish([completeStatement(id, operation.id), dropIncompleteStatement(key, id), ...statements])
  } finally {
    clearInterval(timer)
    walks.delete(id)
  }
}

function tick({ store, caps }: PinsContext, row: WalkRow, walk: KeepWalk, meter: ProgressMeter): void {
  const { id, operation, key, onProgress, patienceMs } = row
  meter.sample()
  try {
    const walker = store.database.get<{ walker: number | null }>('SELECT walker FROM pins WHERE id = ?', id)?.walker
    if (walker !== operation.id) throw new CairnError('NOT_PINNED', 'the pin was removed while it was being made')
    enforceCap('pinTimeMs', Math.round(meter.runningMs), caps, key.cid)
    if (patienceMs !== undefined && walk.fetching > 0 && meter.idleMs > patienceMs) {
      throw new CairnError('UNREACHABLE', meter.reason)
    }
    if (meter.waiting !== '') onProgress?.(meter.progress)
  } catch (error) {
    walk.fail(error)
  }
}

/** Errors that another try cannot change. */
const FINAL = [
  'LIMIT',
  'BAD_BLOCK',
  'UNSUPPORTED_HASH',
  'UNSUPPORTED_CODEC',
  'BAD_CID',
  'BLOCKED',
  'FORBIDDEN',
] as const

export const isFinal = (error: unknown): boolean => FINAL.some(code => isCairnError(error, code))
