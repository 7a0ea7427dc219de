// `repo check`: whether the repository is what it says, told as findings, and mended if that is asked; runs beside living writers.

import type { CheckEvent, ReadSubset } from '../../api/repo.ts'
import type { Wait } from '../../block/source.ts'
import { isCairnError } from '../../errors.ts'
import { type Logger, SILENT } from '../../observe/log.ts'
import { createPace } from '../collect/pace.ts'
import { explainSqlite } from '../database/sqlite-error.ts'
import type { Store } from '../store.ts'
import type { CheckContext, CheckEvents } from './check-context.ts'
import { badDatabase, checkCounters, checkIntegrity } from './check-database.ts'
import { checkDead, checkFiles, checkFolders, checkLeases } from './check-files.ts'
import { checkOrphanPacks, checkPackFiles } from './check-packs.ts'
import { checkPins } from './check-pins.ts'
import { checkRows } from './check-rows.ts'
import { repairBad } from './repair-bad.ts'
import { holdRepairLock } from './repair-lock.ts'
import { dropMoved, movePacks } from './repair-packs.ts'
import { createRepairPlan, type FetchFor, type RepairPlan } from './repair-plan.ts'
import { salvageFromPacks } from './salvage.ts'
import { readsOf } from './subset.ts'

export interface CheckOptions extends Wait {
  readonly path: string
  readonly store: Store
  /** Hash every block in full, or some of them. */
  readonly readData?: boolean | ReadSubset
  /** Mend what is found; blocks are asked of these, in order, after the packs of this repository. */
  readonly repair?: { readonly sources: readonly FetchFor[] } | undefined
  readonly log?: Logger
}

type Part = (context: CheckContext) => CheckEvents

/** A repair works on what the parts before have found: packs before blocks, blocks before what promises them, counters last. */
const PARTS: readonly Part[] = [
  checkFolders,
  checkIntegrity,
  checkLeases,
  checkPackFiles,
  checkRows,
  repairing(movePacks),
  repairing(repairBad),
  repairing(dropMoved),
  checkOrphanPacks,
  checkFiles,
  checkPins,
  checkDead,
  checkCounters,
]

function repairing(part: (context: CheckContext, plan: RepairPlan) => CheckEvents): Part {
  return async function* (context) {
    if (context.repair !== undefined) yield* part(context, context.repair)
  }
}

/** Errors are losses and contradictions; notes are what a kill or a power cut may leave, and what could not be looked at. */
export async function* checkRepo(options: CheckOptions): AsyncGenerator<CheckEvent> {
  using _ = options.repair === undefined ? undefined : holdRepairLock(options.store)
  const totals = { blocks: 0, bytesRead: 0 }
  const context = createContext(options, totals)
  const counts = { errors: 0, notes: 0, repaired: 0, left: 0 }
  for await (const event of allParts(context)) {
    if (event.type === 'finding') {
      const { severity, repaired = false } = event.finding
      if (severity === 'error') counts.errors++
      else counts.notes++
      if (repaired) counts.repaired++
      else if (severity === 'error') counts.left++
    }
    yield event
  }
  yield { type: 'done', ...counts, ...totals }
}

function createContext(options: CheckOptions, totals: CheckContext['totals']): CheckContext {
  const { path, store, readData = false, repair, log = SILENT, signal } = options
  const pace = createPace(signal)
  const sources = repair === undefined ? [] : [salvageFromPacks({ store, path, pace }), ...repair.sources]
  return {
    store,
    path,
    signal,
    pace,
    totals,
    reads: readsOf(readData, store.counters().blockBytes),
    readData: readData !== false,
    repair: repair && createRepairPlan(sources, log),
  }
}

/** A database that SQLite itself cannot read is a finding too, and the end of this check. */
async function* allParts(context: CheckContext): AsyncGenerator<CheckEvent> {
  try {
    for (const part of PARTS) yield* part(context)
  } catch (error) {
    const explained = explainSqlite(error, context.store.database.file)
    if (!isCairnError(explained, 'REPO_DAMAGED')) throw error
    yield badDatabase(context, explained.message)
  }
}
