// What pins promise: below a complete one every block is here and kept. Walks inner nodes, and looks only for leaves.

import { CID } from 'multiformats/cid'
import { isIdentity } from '../../block/cid.ts'
import { DigestSet } from '../../block/digest-set.ts'
import { mayLink, scanLinks } from '../../block/links.ts'
import { isCairnError } from '../../errors.ts'
import { PIN_MODES, PIN_STATUSES, PLACE_BAD } from '../database/schema.ts'
import { isLeaseAlive } from '../write/leases.ts'
import { BlockJudge } from './check-block.ts'
import {
  type CheckContext,
  type CheckEvents,
  done,
  errorFound,
  type Finding,
  mended,
  notDone,
  noted,
  progress,
  withOutcome,
} from './check-context.ts'
import { type Refetched, refetch } from './refetch.ts'
import { keyOf, type RepairPlan } from './repair-plan.ts'

interface PinRow {
  readonly id: number
  readonly cid: Uint8Array
  readonly mh: Uint8Array
  readonly mode: number
  readonly status: number
}

/** A root that promises something, and how to ask whether it still does. */
interface Promised {
  readonly root: CID
  readonly recursive: boolean
  readonly stands: () => boolean
}

const PAGE_ROWS = 500
/** So many blocks are named for one root; the rest is counted. */
const NAMED = 10
const CACHE_ONLY = 'is in the cache only'
const COMPLETE = PIN_STATUSES.indexOf('pinned')

export async function* checkPins(context: CheckContext): CheckEvents {
  const { store } = context
  const { database } = store
  using judge = new BlockJudge(store, () => false)
  const seen = new DigestSet({ words: 4 })
  const total = database.get<{ n: number }>('SELECT count(*) AS n FROM pins')?.n ?? 0
  let done = 0
  for (let afterId = 0; ; ) {
    const page = database.all<PinRow>(
      `SELECT id, cid, mh, mode, status FROM pins WHERE id > ? ORDER BY id LIMIT ${PAGE_ROWS}`,
      afterId,
    )
    for (const pin of page) yield* checkPin(context, judge, seen, pin)
    done += page.length
    yield progress('pins', done, Math.max(total, done))
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_ROWS) break
    afterId = last.id
  }
  for (const { cid } of database.all<{ cid: Uint8Array }>("SELECT cid FROM roots WHERE kind = 'mfs'")) {
    const stands = () => database.get("SELECT 1 FROM roots WHERE kind = 'mfs' AND cid = ?", cid) !== undefined
    yield* checkRoot(context, judge, seen, { root: CID.decode(cid), recursive: true, stands })
  }
}

async function* checkPin(context: CheckContext, judge: BlockJudge, seen: DigestSet, pin: PinRow): CheckEvents {
  const { database } = context.store
  const root = decodeCid(pin.cid)
  if (root === undefined || Buffer.compare(root.multihash.bytes, pin.mh) !== 0) {
    const found = errorFound('bad-pin', `pin ${pin.id} has no CID that can be read`)
    yield await mended(context, found, () => notDone('remove it, if you know that nobody needs it'))
  } else if (pin.status === COMPLETE) {
    const stands = () => database.get(`SELECT 1 FROM pins WHERE id = ? AND status = ${COMPLETE}`, pin.id) !== undefined
    yield* checkRoot(context, judge, seen, { root, recursive: PIN_MODES[pin.mode] === 'recursive', stands })
  } else if (PIN_STATUSES[pin.status] === 'pinning' && !isBeingMade(context)) {
    const found = noted('unfinished-pin', `the pin of ${root} was not finished: pin it again, or remove it`)
    yield await mended(context, found, () => notDone('what is missing of it is fetched by pinning it again'))
  }
}

function isBeingMade({ store, path }: CheckContext): boolean {
  const operations = store.database.all<{ lease: number }>(
    "SELECT lease FROM operations WHERE kind = 'pin' AND finished IS NULL",
  )
  return operations.some(({ lease }) => isLeaseAlive(path, lease))
}

/** `seen` holds what an earlier root led to: whatever is wrong there has been told. */
async function* checkRoot(context: CheckContext, judge: BlockJudge, seen: DigestSet, promised: Promised): CheckEvents {
  const walk: RootWalk = { bad: 0, waiting: [promised.root], tried: new Set() }
  for (;;) {
    const wanted: Lacking[] = []
    for await (const lacking of walkPromised(context, judge, seen, promised, walk.waiting)) {
      if (context.repair === undefined) yield* told(promised, walk, lacking)
      else wanted.push(lacking)
    }
    walk.waiting = []
    if (context.repair === undefined || wanted.length === 0) break
    // Below what has come back there may be more.
    yield* mendBelow(context, context.repair, { promised, walk, wanted })
  }
  if (walk.bad > NAMED)
    yield errorFound('incomplete-pin', `${walk.bad - NAMED} more blocks under the pinned ${promised.root} are wrong`)
}

interface Lacking {
  readonly cid: CID
  readonly why: string
}

interface RootWalk {
  bad: number
  waiting: CID[]
  /** What came back and was wrong again is not asked for for ever. */
  readonly tried: Set<string>
}

function* told({ root }: Promised, walk: RootWalk, { cid, why }: Lacking) {
  if (++walk.bad <= NAMED) yield incomplete(root, cid, why)
}

const incomplete = (root: CID, cid: CID, why: string): Finding =>
  errorFound('incomplete-pin', `block ${cid} under the pinned ${root} ${why}`)

/** Yields what is wrong below the root, as far as what is right leads there. */
async function* walkPromised(
  context: CheckContext,
  judge: BlockJudge,
  seen: DigestSet,
  { recursive, stands }: Promised,
  waiting: CID[],
): AsyncGenerator<Lacking> {
  for (let cid = waiting.pop(); cid !== undefined; cid = waiting.pop()) {
    await context.pace()
    if (!isIdentity(cid) && seen.has(cid.multihash.bytes, cid.code)) continue
    const outcome = look(context, judge, cid, recursive)
    if (typeof outcome === 'string') {
      // Unpinned and collected meanwhile, nothing was promised.
      if (!stands()) return
      if (typeof look(context, judge, cid, recursive) === 'string') yield { cid, why: outcome }
      else waiting.push(cid)
      continue
    }
    if (recursive && !isIdentity(cid)) seen.add(cid.multihash.bytes, cid.code)
    waiting.push(...outcome.toReversed())
  }
}

/** What came back is walked next; the rest is told. */
async function* mendBelow(
  context: CheckContext,
  plan: RepairPlan,
  { promised, walk, wanted }: { promised: Promised; walk: RootWalk; wanted: readonly Lacking[] },
): CheckEvents {
  const { root } = promised
  const cached = wanted.filter(({ why }) => why === CACHE_ONLY)
  const kept = await keepCached(context, cached)
  const missing = wanted.filter(({ cid }) => !kept.has(keyOf(cid.multihash.bytes)))
  const unique = new Map(missing.map(({ cid }) => [keyOf(cid.multihash.bytes), { cid, root }]))
  const outcomes: Refetched = await refetch(context, plan, [...unique.values()])
  for (const lacking of wanted) {
    const key = keyOf(lacking.cid.multihash.bytes)
    const reason = kept.has(key) ? undefined : outcomes.get(key)
    if (reason === undefined && !walk.tried.has(key)) walk.waiting.push(lacking.cid)
    walk.tried.add(key)
    if (reason !== undefined && ++walk.bad > NAMED) continue
    const how = kept.has(key) ? 'made durable' : 'fetched again'
    yield withOutcome(incomplete(root, lacking.cid, lacking.why), reason === undefined ? done(how) : notDone(reason))
  }
}

/** Read, hashed in full, and put where kept blocks lie (spec: store §4.6). */
async function keepCached({ store, signal }: CheckContext, blocks: readonly Lacking[]): Promise<ReadonlySet<string>> {
  const kept = new Set<string>()
  if (blocks.length === 0) return kept
  await using operation = await store.begin('put')
  for (const { cid } of blocks) if (await operation.keep(cid, { signal })) kept.add(keyOf(cid.multihash.bytes))
  await operation.finish()
  return kept
}

/** What is wrong with it, or where it leads. */
function look({ store }: CheckContext, judge: BlockJudge, cid: CID, descend: boolean): string | readonly CID[] {
  if (isIdentity(cid)) return descend ? linksIn(cid, cid.multihash.digest) : []
  const mh = cid.multihash.bytes
  const row = store.database.get<{ kept: number; links: number; pack: number }>(
    'SELECT kept, links, pack FROM blocks WHERE mh = ?',
    mh,
  )
  if (row === undefined) return 'is missing'
  if (row.pack === PLACE_BAD) return 'was found damaged and put aside'
  if (row.kept === 0) return CACHE_ONLY
  if (!descend || row.links === 0 || !mayLink(cid.code)) return []
  const bytes = judge.read(mh)
  return bytes === undefined ? 'cannot be read' : linksIn(cid, bytes)
}

/** Right bytes that are not what the codec says lead nowhere. */
function linksIn(cid: CID, bytes: Uint8Array): readonly CID[] {
  try {
    return scanLinks(cid.code, bytes)
  } catch (error) {
    if (isCairnError(error, 'BAD_BLOCK')) return []
    throw error
  }
}

function decodeCid(bytes: Uint8Array): CID | undefined {
  try {
    return CID.decode(bytes)
  } catch {
    // Told as a finding.
    return undefined
  }
}
