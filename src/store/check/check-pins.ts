// What pins promise: below a complete one every block is here and kept. Walks inner nodes, and looks only for leaves.

import { CID } from 'multiformats/cid'
import { isIdentity } from '../../block/cid.ts'
import { DigestSet } from '../../block/digest-set.ts'
import { mayLink, scanLinks } from '../../block/links.ts'
import { isCairnError } from '../../errors.ts'
import { PIN_MODES, PIN_STATUSES, PLACE_BAD } from '../database/schema.ts'
import { isLeaseAlive } from '../write/leases.ts'
import { BlockJudge } from './check-block.ts'
import { type CheckContext, type CheckEvents, errorFound, noted, progress } from './check-context.ts'

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
const COMPLETE = PIN_STATUSES.indexOf('pinned')

export async function* checkPins(context: CheckContext): CheckEvents {
  const { store } = context
  const { database } = store
  using judge = new BlockJudge(store, false)
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
    yield errorFound('bad-pin', `pin ${pin.id} has no CID that can be read`)
  } else if (pin.status === COMPLETE) {
    const stands = () => database.get(`SELECT 1 FROM pins WHERE id = ? AND status = ${COMPLETE}`, pin.id) !== undefined
    yield* checkRoot(context, judge, seen, { root, recursive: PIN_MODES[pin.mode] === 'recursive', stands })
  } else if (PIN_STATUSES[pin.status] === 'pinning' && !isBeingMade(context)) {
    yield noted('unfinished-pin', `the pin of ${root} was not finished: pin it again, or remove it`)
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
  const { pace } = context
  const waiting = [promised.root]
  let bad = 0
  for (let cid = waiting.pop(); cid !== undefined; cid = waiting.pop()) {
    await pace()
    if (!isIdentity(cid) && seen.has(cid.multihash.bytes, cid.code)) continue
    const outcome = look(context, judge, cid, promised.recursive)
    if (typeof outcome === 'string') {
      // Unpinned and collected meanwhile, nothing was promised.
      if (!promised.stands()) return
      if (typeof look(context, judge, cid, promised.recursive) !== 'string') {
        waiting.push(cid)
        continue
      }
      if (++bad <= NAMED)
        yield errorFound('incomplete-pin', `block ${cid} under the pinned ${promised.root} ${outcome}`)
      continue
    }
    if (promised.recursive && !isIdentity(cid)) seen.add(cid.multihash.bytes, cid.code)
    waiting.push(...outcome.toReversed())
  }
  if (bad > NAMED)
    yield errorFound('incomplete-pin', `${bad - NAMED} more blocks under the pinned ${promised.root} are wrong`)
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
  if (row.kept === 0) return 'is in the cache only'
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
