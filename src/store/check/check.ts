// `repo check`: whether the repository is what it says, told as findings; changes nothing, and runs beside living writers.

import type { CheckEvent } from '../../api/repo.ts'
import type { Wait } from '../../block/source.ts'
import { isCairnError } from '../../errors.ts'
import { createPace } from '../collect/pace.ts'
import { explainSqlite } from '../database/sqlite-error.ts'
import type { Store } from '../store.ts'
import { type CheckContext, errorFound } from './check-context.ts'
import { checkDatabase } from './check-database.ts'
import { checkFiles, checkLeases } from './check-files.ts'
import { checkPackFiles } from './check-packs.ts'
import { checkPins } from './check-pins.ts'
import { checkRows } from './check-rows.ts'

export interface CheckOptions extends Wait {
  readonly path: string
  readonly store: Store
  /** Hash every block in full. */
  readonly readData?: boolean
}

const PARTS = [checkDatabase, checkPackFiles, checkRows, checkFiles, checkLeases, checkPins]

/** Errors are losses and contradictions; notes are what a kill or a power cut may leave, and what could not be looked at. */
export async function* checkRepo(options: CheckOptions): AsyncGenerator<CheckEvent> {
  const { path, store, readData = false, signal } = options
  const totals = { blocks: 0, bytesRead: 0 }
  const context: CheckContext = { store, path, readData, signal, pace: createPace(signal), totals }
  let [errors, notes] = [0, 0]
  for await (const event of allParts(context)) {
    if (event.type === 'finding') event.finding.severity === 'error' ? errors++ : notes++
    yield event
  }
  yield { type: 'done', errors, notes, ...totals }
}

/** A database that SQLite itself cannot read is a finding too, and the end of this check. */
async function* allParts(context: CheckContext): AsyncGenerator<CheckEvent> {
  try {
    for (const part of PARTS) yield* part(context)
  } catch (error) {
    const explained = explainSqlite(error, context.store.database.file)
    if (!isCairnError(explained, 'REPO_DAMAGED')) throw error
    yield errorFound('bad-database', explained.message)
  }
}
