// The judge in a process of its own: own eyes first, then Cairn restarted on it, its check, two collections, and own eyes again.

import { collectGarbage } from '../../src/pins/gc.ts'
import { checkRepo } from '../../src/store/check/check.ts'
import { openStore } from '../../src/store/open.ts'
import { initRepo } from '../../src/store/repo.ts'
import type { Store } from '../../src/store/store.ts'
import { GiB, MiB } from '../../src/units.ts'
import type { Judgement } from './checker.ts'
import { findViolations, type Ledger } from './invariants.ts'

const HOUR_MS = 3_600_000

process.on('message', async ({ path, ledger, isCurrent, collect }: Judgement) => {
  try {
    process.send?.(await judge({ path, ledger, isCurrent, collect }))
  } catch (error) {
    process.send?.([`the restart failed: ${error instanceof Error ? error.stack : error}`])
  }
})
process.on('disconnect', () => process.exit(0))

async function judge({ path, ledger, isCurrent, collect }: Judgement): Promise<string[]> {
  // Of an older schema, in the middle of its migration, there is nothing to say yet.
  const first = isCurrent ? named('as it was left', findViolations({ path, ledger })) : []
  if (first.length > 0) return first
  // What began as an older repository, or as none, is finished by whoever comes next.
  if (!isCurrent) await initRepo(path)
  const check = await withStore(path, store => productCheck(path, store))
  const second = [...named('by repo check', check), ...named('after the restart', findViolations({ path, ledger }))]
  if (second.length > 0 || !collect) return second
  await withStore(path, store => collectAll(store, HOUR_MS))
  const third = named('after a collection', findViolations({ path, ledger }))
  if (third.length > 0) return third
  const last = await withStore(path, async store => {
    await collectAll(store, 0)
    return productCheck(path, store, { notes: true })
  })
  const kept: Ledger = { ...ledger, whole: ledger.pinned }
  return [
    ...named('by the last repo check', last),
    ...named('after the last collection', findViolations({ path, ledger: kept, collected: true })),
  ]
}

const named = (when: string, violations: readonly string[]) => violations.map(text => `${when}: ${text}`)

async function withStore<T>(path: string, work: (store: Store) => Promise<T>): Promise<T> {
  await using store = await openStore({
    path,
    maxBytes: GiB,
    cacheBytes: MiB,
    graceMs: HOUR_MS,
    verify: 'crc',
    commit: 'inline',
  })
  return await work(store)
}

/** What a kill may leave for ever: the row of a pin that was begun says so until somebody decides, and bytes put aside are for a look. */
const LASTING = new Set(['unfinished-pin', 'quarantine'])

/** After the last collection there is nothing to note either. */
async function productCheck(path: string, store: Store, { notes = false } = {}): Promise<string[]> {
  const { signal } = new AbortController()
  const found: string[] = []
  for await (const event of checkRepo({ path, store, readData: true, signal })) {
    if (event.type !== 'finding' || (event.finding.severity === 'note' && (!notes || LASTING.has(event.finding.kind))))
      continue
    found.push(`${event.finding.kind}: ${event.finding.what}`)
  }
  return found
}

async function collectAll(store: Store, graceMs: number): Promise<void> {
  const { signal } = new AbortController()
  for await (const event of collectGarbage(store, { graceMs, signal })) if (event.type === 'done') return
}
