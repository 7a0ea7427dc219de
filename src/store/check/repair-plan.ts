// What a repair gathers while the check goes on: which packs have to be written anew, what waits for its blocks, whom to ask for them.

import type { CID } from 'multiformats/cid'
import type { Wait } from '../../block/source.ts'
import type { Logger } from '../../observe/log.ts'
import type { Finding, Outcome } from './check-context.ts'

/** Gets one block from elsewhere; what it returns has been hashed. */
export type FetchFor = (root: CID, cid: CID, wait: Wait) => Promise<Uint8Array>

export interface RepairPlan {
  /** Other places that may have a block, cheapest first; empty while there is nobody to ask. */
  readonly sources: readonly FetchFor[]
  readonly log: Logger
  /** Packs that cannot be left as they are, with what was found in each. */
  readonly packs: Map<number, Finding[]>
  /** What became of the attempt to move what lives in them. */
  moved: Outcome | undefined
  /** What was found about blocks whose bytes are gone now, by multihash in latin1. */
  readonly bad: Map<string, Finding>
  /** Rows whose whole folder is empty: left as they are until their bytes are at hand, lest a disk is only not mounted. */
  readonly doubtful: Map<string, Place>
}

export interface Place {
  readonly mh: Uint8Array
  readonly pack: number
  readonly at: number
}

/** More findings than these are told by number only. */
const REMEMBERED = 200_000

export const createRepairPlan = (sources: readonly FetchFor[], log: Logger): RepairPlan => ({
  sources,
  log,
  packs: new Map(),
  moved: undefined,
  bad: new Map(),
  doubtful: new Map(),
})

export const keyOf = (mh: Uint8Array): string => Buffer.from(mh.buffer, mh.byteOffset, mh.byteLength).toString('latin1')

export function rememberBad({ bad }: RepairPlan, mh: Uint8Array, found: Finding): void {
  if (bad.size < REMEMBERED) bad.set(keyOf(mh), found)
}

export function rememberPack({ packs }: RepairPlan, id: number, found: Finding): void {
  const known = packs.get(id)
  if (known === undefined) packs.set(id, [found])
  else if (known.length < REMEMBERED) known.push(found)
}
