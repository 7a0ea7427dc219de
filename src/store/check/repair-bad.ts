// Kept rows without a place: their blocks are fetched again, inner nodes first, and what cannot be had is told with the pins it hurts.

import { PLACE_BAD } from '../database/schema.ts'
import { cidOf } from './check-block.ts'
import {
  type CheckContext,
  type CheckEvents,
  done,
  errorFound,
  type Finding,
  notDone,
  progress,
  withOutcome,
} from './check-context.ts'
import { findHurt, type Hurt } from './hurt-roots.ts'
import { refetch } from './refetch.ts'
import { keyOf, type RepairPlan } from './repair-plan.ts'
import { EMPTY_FOLDER } from './repair-rows.ts'

const PAGE_ROWS = 20_000

const SELECT_END = `SELECT max(mh) AS last FROM (SELECT mh FROM blocks WHERE mh > ? ORDER BY mh LIMIT ${PAGE_ROWS})`
const SELECT_BAD = `SELECT mh FROM blocks WHERE mh > ? AND mh <= ? AND pack = ${PLACE_BAD}`

export async function* repairBad(context: CheckContext, plan: RepairPlan): CheckEvents {
  const left = await listBad(context)
  for (const [key, { mh }] of plan.doubtful) left.set(key, mh)
  if (left.size === 0) return
  const total = left.size
  const why = new Map<string, string>()
  let hurt = await findHurt(context, new Set(left.keys()))
  for (;;) {
    yield progress('repair', total - left.size, total)
    const untried = [...left.keys()].filter(key => !why.has(key))
    // Below a node that has come back there may be more; what no root leads to is asked for last.
    const next = untried.some(key => hurt.has(key)) ? untried.filter(key => hurt.has(key)) : untried
    if (next.length === 0) break
    const wanted = next.flatMap(key => {
      const mh = left.get(key)
      if (mh === undefined) return []
      const cid = hurt.get(key)?.cid ?? cidOf(mh)
      return [{ cid, root: hurt.get(key)?.roots[0]?.cid ?? cid }]
    })
    let returned = 0
    for (const [key, reason] of await refetch(context, plan, wanted)) {
      if (reason !== undefined) why.set(key, reason)
      else {
        left.delete(key)
        returned++
        const found = plan.bad.get(key)
        yield withOutcome(found ?? putAside(hurt.get(key)?.cid.toString() ?? ''), done('fetched again'))
      }
    }
    if (returned > 0 && left.size > 0) hurt = await findHurt(context, new Set(left.keys()))
  }
  for (const [key, mh] of left) {
    const found = plan.bad.get(key) ?? putAside(cidOf(mh).toString())
    yield lost(found, plan.doubtful.has(key) ? EMPTY_FOLDER : (why.get(key) ?? ''), hurt.get(key))
  }
}

const putAside = (cid: string): Finding => errorFound('quarantined', `block ${cid} was found damaged and put aside`)

/** What no root needs is no loss. */
function lost(found: Finding, why: string, hurt: Hurt | undefined) {
  if (hurt === undefined) {
    const note: Finding = { type: 'finding', finding: { ...found.finding, severity: 'note' } }
    return withOutcome(note, notDone(`${why}; no pin needs it, and the next collection forgets it`))
  }
  const names = hurt.roots.map(({ cid, name }) => (name === '' ? String(cid) : `${cid} (${name})`)).join(', ')
  const more = hurt.rootCount - hurt.roots.length
  return withOutcome(found, notDone(`${why}; hurt: ${names}${more > 0 ? ` and ${more} more` : ''}`))
}

async function listBad({ store: { database }, pace }: CheckContext): Promise<Map<string, Uint8Array>> {
  const bad = new Map<string, Uint8Array>()
  let after: Uint8Array = new Uint8Array(0)
  for (;;) {
    await pace()
    const last = database.get<{ last: Uint8Array | null }>(SELECT_END, after)?.last
    if (last === null || last === undefined) return bad
    for (const { mh } of database.all<{ mh: Uint8Array }>(SELECT_BAD, after, last)) bad.set(keyOf(mh), mh)
    after = last
  }
}
