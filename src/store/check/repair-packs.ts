// Packs that cannot stay as they are: what lives in them moves to another, by compaction's own rules, and the old one goes (spec: store §6.6).

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { CairnError } from '../../errors.ts'
import { type CompactOptions, compactPacks, type SealedPack } from '../collect/compact.ts'
import { workOffDead } from '../collect/dead.ts'
import { transactToFree } from '../collect/free-room.ts'
import { countPlaces } from '../collect/pack-census.ts'
import { findSurvivors } from '../collect/pack-survivors.ts'
import { lockHolder, takeLock } from '../database/kernel-lock.ts'
import { packFile } from '../paths.ts'
import type { Store } from '../store.ts'
import { BlockJudge, cidOf } from './check-block.ts'
import {
  attempt,
  type CheckContext,
  type CheckEvents,
  done,
  errorFound,
  notDone,
  type Outcome,
  withOutcome,
} from './check-context.ts'
import type { RepairPlan } from './repair-plan.ts'
import { condemn } from './repair-rows.ts'

/** One collection at a time, and this is a part of one (spec: store §6.1). REPO_LOCKED. */
export function holdCollection(path: string): Disposable {
  const file = join(path, 'gc.lock')
  const lock = takeLock(file)
  if (lock !== undefined) return lock
  throw new CairnError(
    'REPO_LOCKED',
    `a collection runs (process ${lockHolder(file) ?? 'unknown'}): repair again after it`,
  )
}

/** What lives in them moves; what is found rotten by that counts with what was found rotten before. */
export async function* movePacks(context: CheckContext, plan: RepairPlan): CheckEvents {
  if (plan.packs.size === 0) return
  const { store, signal } = context
  plan.moved = await attempt(async () => {
    using _ = holdCollection(context.path)
    await moveAll(store, [...plan.packs.keys()], { log: plan.log, signal })
    return done('')
  })
  if (plan.moved.repaired) yield* condemnRest(context, plan)
}

/** Those that have nothing left in them go, now that damaged blocks are elsewhere too. */
export async function* dropMoved(context: CheckContext, { packs, moved }: RepairPlan): CheckEvents {
  if (moved === undefined) return
  const dropped = moved.repaired ? await attempt(() => buryEmpty(context, [...packs.keys()])) : moved
  for (const [id, findings] of packs)
    for (const found of findings) yield withOutcome(found, dropped.repaired ? outcomeOf(context.store, id) : dropped)
}

/** Sealed first: nobody appends to them any more, and nothing that is written now lands in them. */
async function moveAll(store: Store, ids: readonly number[], options: CompactOptions): Promise<void> {
  const sealed = await transactToFree(store, tx =>
    ids.filter(id => tx.run('UPDATE packs SET sealed = 1 WHERE id = ? AND owner IS NULL', id) === 1),
  )
  const places = await countPlaces(store, options.signal)
  const packs = sealed.flatMap((id): SealedPack[] => {
    const rows = places.get(id)?.rows ?? 0
    const committed = store.database.get<{ committed: number }>(
      'SELECT committed FROM packs WHERE id = ?',
      id,
    )?.committed
    return rows === 0 || committed === undefined ? [] : [{ id, committed, rows }]
  })
  await compactPacks(store, packs, options)
}

/** Compaction leaves behind what does not hash to its name. */
async function* condemnRest(context: CheckContext, plan: RepairPlan): CheckEvents {
  const { store, signal } = context
  const sealed = [...plan.packs.keys()].filter(id => isSealed(store, id))
  using judge = new BlockJudge(store, () => true)
  for (const row of await findSurvivors(store, sealed, signal)) {
    await context.pace()
    const problem = judge.judge(row)
    if (problem === undefined || problem.kind === 'bad-header') continue
    const found = errorFound(problem.kind, `block ${cidOf(row.mh)} ${problem.what}`)
    yield* condemn(context, plan, { found, problem, judge })
  }
}

const isSealed = ({ database }: Store, id: number): boolean =>
  database.get('SELECT 1 FROM packs WHERE id = ? AND sealed = 1', id) !== undefined

async function buryEmpty({ store, path, signal }: CheckContext, ids: readonly number[]): Promise<Outcome> {
  using _ = holdCollection(path)
  const places = await countPlaces(store, signal)
  const empty = ids.filter(id => !places.has(id))
  await transactToFree(store, tx => {
    const sql = `INSERT INTO dead (pack, size) SELECT id, committed FROM packs
      WHERE id = ? AND sealed = 1 AND NOT EXISTS (SELECT 1 FROM dead WHERE dead.pack = packs.id)`
    for (const id of empty) tx.run(sql, id)
  })
  await workOffDead(store, { signal })
  return done('')
}

function outcomeOf({ database }: Store, id: number): Outcome {
  const row = database.get<{ sealed: number }>('SELECT sealed FROM packs WHERE id = ?', id)
  if (row === undefined) return done('what lives in it was moved to another pack')
  if (row.sealed === 0) return notDone('a living process writes to this pack: repair again when it has ended')
  return notDone('something in it could not be moved')
}

/** A pack file without a row: ids are never used again, so it can only be something left over. */
export function removeOrphanPack({ store, path }: CheckContext, id: number): Promise<Outcome> {
  return transactToFree(store, tx => {
    if (tx.get('SELECT 1 FROM packs WHERE id = ?', id) !== undefined) return notDone('it belongs to a pack now')
    rmSync(packFile(path, id), { force: true })
    return done('removed, after what was missing elsewhere was taken from it')
  })
}
