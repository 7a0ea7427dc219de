// The repository as a node offers it: its figures, and the chores that look after it, counted where `/metrics` can see it.

import type { CID } from 'multiformats/cid'
import type { CheckEvent, CheckRequest, RepoApi } from '../api/repo.ts'
import type { Logger } from '../observe/log.ts'
import { countCollection } from '../observe/metrics.ts'
import type { RoomOptions } from '../pins/room.ts'
import type { Store } from '../store/store.ts'
import type { ChoreRunner } from './chore-table.ts'
import type { RepairParts } from './repairing.ts'
import { scrubRepo } from './scrubbing.ts'
import type { FetchBlock, Sources } from './sources.ts'
import { repoStat } from './stat.ts'

export interface RepoParts {
  readonly store: Store
  readonly chores: ChoreRunner
  readonly graceMs: number
  /** Of collections here, in percent, unless they are asked for another; left out in commands. */
  readonly pace?: number
}

export interface RepoApiParts extends RepoParts {
  /** Where a repair asks for blocks; undefined while the node is offline. */
  readonly session: ((root: CID) => FetchBlock) | undefined
  readonly sources: Sources
  readonly log: Logger
}

export const createRepoApi = ({ store, chores, graceMs, pace, session, sources, log }: RepoApiParts): RepoApi => ({
  stat: () => repoStat(store, graceMs),
  check: ({ readData = false, ...options }) =>
    options.repair === true
      ? repair({ store, session, log }, { readData, ...options })
      : chores.run('check', { readData }, options),
  scrub: options => scrubRepo({ store, chores, sources }, options),
  gc: async function* ({ signal, ...options }) {
    for await (const event of chores.run(
      'gc',
      { graceMs, ...(pace !== undefined && { pace }), ...options },
      { signal },
    )) {
      if (event.type === 'done' && options.dryRun !== true) countCollection(event)
      yield event
    }
  },
})

/** Loaded when it is asked for: a small add pays for nothing of it. */
async function* repair(parts: RepairParts, options: CheckRequest): AsyncGenerator<CheckEvent> {
  const { RARE } = await import('./chore-work.ts')
  yield* RARE.repairRepo(parts, options)
}

/** For the store's `makeRoom`, and for who wants room ahead of need. */
export async function makeRoomBy(
  chores: ChoreRunner,
  options: RoomOptions,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  for await (const event of chores.run('room', options, { signal })) if (event.type === 'done') countCollection(event)
}
