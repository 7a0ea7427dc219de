// A row whose bytes are not there or not right: the cache forgets it, a kept one waits without a place for its bytes to come back.

import { METRICS } from '../../observe/metrics.ts'
import { PLACE_BAD } from '../database/schema.ts'
import { isUnmounted, quarantine } from '../read/quarantine.ts'
import { type BlockJudge, cidOf, hashes, type JudgedRow, type Judgement } from './check-block.ts'
import {
  attempt,
  type CheckContext,
  type CheckEvents,
  done,
  type Finding,
  notDone,
  withOutcome,
} from './check-context.ts'
import { keyOf, type RepairPlan, rememberBad, rememberPack } from './repair-plan.ts'

export interface Condemned {
  readonly found: Finding
  readonly problem: Judgement
  readonly judge: BlockJudge
}

export const EMPTY_FOLDER = 'its folder is empty: is a disk not mounted? (if it is lost, remove the folder, too)'

/** What has to wait for its bytes is told when they came or could not be had. */
export async function* condemn(
  { store, path }: CheckContext,
  plan: RepairPlan,
  { found, problem, judge }: Condemned,
): CheckEvents {
  const { row, kind } = problem
  // The bytes are good, and only a rebuild of the index would miss them: the whole pack is written anew.
  if (kind === 'bad-header' && hasGoodBytes(judge, row)) return rememberPack(plan, row.pack, found)
  if (row.pack === PLACE_BAD) return rememberBad(plan, row.mh, found)
  if (kind === 'missing-bytes' && isUnmounted(path, row.pack)) {
    if (row.kept === 0) yield withOutcome(found, notDone(EMPTY_FOLDER))
    else {
      plan.doubtful.set(keyOf(row.mh), row)
      rememberBad(plan, row.mh, found)
    }
    return
  }
  const bytes = judge.bytesAt(row)
  const outcome = await attempt(async () => {
    const dropped = await quarantine(store, { cid: cidOf(row.mh), pack: row.pack, at: row.at, bytes })
    return dropped ? done('forgotten: the cache fetches it again') : notDone('it has moved meanwhile; check again')
  })
  if (outcome.repaired) METRICS.corruptBlocks.add()
  if (outcome.repaired && row.kept === 1) rememberBad(plan, row.mh, found)
  else yield withOutcome(found, outcome)
}

function hasGoodBytes(judge: BlockJudge, row: JudgedRow): boolean {
  const bytes = judge.bytesAt(row)
  return bytes !== undefined && hashes(row.mh, bytes)
}
