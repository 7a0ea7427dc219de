// What `repo stat` tells, all of it from counters and small tables: never a recount.

import type { RepoStat, ScrubStat } from '../api/repo.ts'
import type { CairnError } from '../errors.ts'
import { listHolders } from '../store/collect/holders.ts'
import { SCHEMA_VERSION } from '../store/database/schema.ts'
import { listWriters } from '../store/holders.ts'
import { readScrubState } from '../store/scrub/state.ts'
import type { Store } from '../store/store.ts'

export function repoStat(store: Store, graceMs = 0): RepoStat {
  const { blocks, blockBytes, diskBytes, maxBytes, packs } = store.counters()
  const pins = store.database.get<{ n: number }>('SELECT count(*) AS n FROM pins')?.n ?? 0
  return {
    path: store.path,
    schemaVersion: SCHEMA_VERSION,
    blocks,
    blockBytes,
    diskBytes,
    maxBytes,
    pins,
    packs,
    readOnly: store.database.readOnly,
    readOnlyBecause: whyReadOnly(store.database.failure),
    scrub: scrubStat(store, blocks),
    writers: listWriters(store.database),
    holders: listHolders(store, graceMs),
  }
}

function scrubStat({ database }: Store, blocks: number): ScrubStat {
  const { run, last, repaired, dueAt } = readScrubState(database)
  const percent = run && Math.min(100, Math.floor((run.blocks / Math.max(1, blocks)) * 100))
  return {
    repaired,
    ...(last && { last }),
    ...(run &&
      percent !== undefined && {
        run: { startedAt: run.startedAt, blocks: run.blocks, bytes: run.bytes, bad: run.bad, percent },
      }),
    ...(dueAt !== undefined && { dueAt }),
  }
}

function whyReadOnly(failure: CairnError | undefined): string | undefined {
  if (failure === undefined) return undefined
  const cause = failure.cause instanceof Error ? `: ${failure.cause.message}` : ''
  return `${failure.message}${cause}`
}
