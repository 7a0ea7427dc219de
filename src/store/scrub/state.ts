// What the scrub remembers between two starts, in the table `upkeep`: how far it came, what it found, when it is due.

import type { Database, Transaction } from '../database/database.ts'

/** Rows outside packs come first, by multihash; then the packs, by id and offset. */
export type ScrubCursor =
  | { readonly stage: 'rows'; readonly after: string }
  | { readonly stage: 'packs'; readonly pack: number; readonly at: number }

export interface ScrubRun {
  readonly startedAt: number
  readonly cursor: ScrubCursor
  readonly blocks: number
  readonly bytes: number
  readonly bad: number
}

export interface ScrubState {
  /** A run that was not finished goes on from its cursor. */
  readonly run?: ScrubRun
  /** The last complete one. */
  readonly last?: Omit<ScrubRun, 'cursor'> & { readonly endedAt: number }
  /** Ever, of all runs. */
  readonly repaired: number
  /** When the next one is to begin, in ms; unset before the first plan was made. */
  readonly dueAt?: number
}

const KEY = 'scrub'
const NEVER: ScrubState = { repaired: 0 }

export function readScrubState(reader: Pick<Transaction, 'get'>): ScrubState {
  const text = reader.get<{ value: string }>('SELECT value FROM upkeep WHERE key = ?', KEY)?.value
  return text === undefined ? NEVER : parse(text)
}

/** What was garbled is begun anew: nothing is lost by that. */
function parse(text: string): ScrubState {
  try {
    return JSON.parse(text) as ScrubState
  } catch {
    return NEVER
  }
}

/** Read and written in one transaction: the thread that scrubs and the one that plans both have a part in it. */
export const changeScrubState = (database: Database, change: (state: ScrubState) => ScrubState): Promise<ScrubState> =>
  database.transact(tx => {
    const state = change(readScrubState(tx))
    tx.run('INSERT OR REPLACE INTO upkeep (key, value) VALUES (?, ?)', KEY, JSON.stringify(state))
    return state
  })
