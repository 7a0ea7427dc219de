// All that keeps a block: roots that name or reach it, operations and grace that protect it, the cache; or nothing.

import type { CID } from 'multiformats/cid'
import { CID as Cid } from 'multiformats/cid'
import type { WhyEvent, WhyStep } from '../api/why.ts'
import { isIdentity } from '../block/cid.ts'
import type { Wait } from '../block/source.ts'
import { PLACE_BAD, PLACE_FILE, PLACE_INLINE } from '../store/database/schema.ts'
import type { Store } from '../store/store.ts'
import { isLeaseAlive } from '../store/write/leases.ts'
import { certainNow, SYSTEM_CLOCK } from './clock.ts'
import { Reach } from './reach.ts'
import { listPins } from './rows.ts'

interface BlockRow {
  readonly size: number
  readonly kept: number
  readonly pack: number
  readonly epoch: number
}

export interface WhyOptions extends Wait {
  readonly graceMs: number
}

export async function* whyBlock(store: Store, cid: CID, { signal, graceMs }: WhyOptions): AsyncGenerator<WhyEvent> {
  const row = store.database.get<BlockRow>(
    'SELECT size, kept, pack, epoch FROM blocks WHERE mh = ?',
    cid.multihash.bytes,
  )
  yield describeBlock(store, cid, row)
  let isSafe = false
  for await (const event of keepers(store, cid, { signal })) {
    isSafe = true
    yield event
  }
  if (row !== undefined) {
    for (const event of protectors(store, row, graceMs)) {
      isSafe = true
      yield event
    }
  }
  if (row?.kept === 0) yield { type: 'cache', lastUsed: lastUse(store, cid) }
  const isHere = row !== undefined || isIdentity(cid)
  const verdict = !isHere ? 'missing' : isSafe || isIdentity(cid) ? 'safe' : row?.kept === 0 ? 'cached' : 'collectable'
  yield { type: 'verdict', verdict }
}

function describeBlock(store: Store, cid: CID, row: BlockRow | undefined): WhyEvent {
  if (isIdentity(cid))
    return { type: 'block', cid, state: 'kept', sizeBytes: cid.multihash.digest.byteLength, place: 'in its CID' }
  if (row === undefined) {
    const isDead = store.database.get('SELECT 1 FROM dead WHERE mh = ?', cid.multihash.bytes) !== undefined
    return { type: 'block', cid, state: 'missing', sizeBytes: 0, place: isDead ? 'dead' : '' }
  }
  const state = row.pack === PLACE_BAD ? 'bad' : row.kept === 1 ? 'kept' : 'cached'
  return { type: 'block', cid, state, sizeBytes: row.size, place: placeOf(row.pack) }
}

function placeOf(pack: number): string {
  if (pack === PLACE_BAD) return 'quarantine'
  if (pack === PLACE_INLINE) return 'inline'
  return pack === PLACE_FILE ? 'file' : `pack ${pack}`
}

/** Roots of every kind; those that name the block come from an index, the others from a walk over inner nodes. */
async function* keepers(store: Store, cid: CID, wait: Wait): AsyncGenerator<WhyEvent> {
  const reach = new Reach(store, cid, wait)
  const now = certainNow(SYSTEM_CLOCK)
  for await (const pin of listPins(store.database, {}, wait)) {
    // What has expired keeps nothing any more.
    if (pin.expires !== undefined && pin.expires <= now) continue
    const path = await reach.pathFrom(pin.cid, pin.mode === 'recursive')
    if (path === undefined) continue
    const { id, cid: root, mode, name, owner, labels, status, expires } = pin
    yield { type: 'pin', id, root, mode, name, owner, labels, status, expires, path }
  }
  for (const { kind, key, root } of tableRoots(store)) {
    const path = await reach.pathFrom(root, true)
    if (path === undefined) continue
    if (kind === 'mfs') yield { type: 'files', filesPath: `/${namedPath(path)}`, path }
    else yield { type: 'name', key, root, path }
  }
}

/** As far as links have names: below a file they have none. */
export function namedPath(path: readonly WhyStep[]): string {
  const unnamed = path.findIndex(({ link }) => link.startsWith('#'))
  return path
    .slice(0, unnamed === -1 ? path.length : unnamed)
    .map(({ link }) => link)
    .filter(link => link !== '')
    .join('/')
}

const PAGE_ROWS = 500

export function* tableRoots(store: Store): Generator<{ kind: string; key: string; root: CID }> {
  let [kind, key] = ['', '']
  for (;;) {
    const page = store.database.all<{ kind: string; key: string; cid: Uint8Array }>(
      `SELECT kind, key, cid FROM roots WHERE (kind, key) > (?, ?) ORDER BY kind, key LIMIT ${PAGE_ROWS}`,
      kind,
      key,
    )
    for (const row of page) yield { kind: row.kind, key: row.key, root: Cid.decode(row.cid) }
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_ROWS) return
    ;({ kind, key } = last)
  }
}

interface OperationRow {
  readonly kind: string
  readonly started: number
  readonly finished: number | null
  readonly lease: number
  readonly pid: number | null
}

/** Operations that began before the block was last put or met: a collection takes nothing that young (spec: store §6.2). */
function* protectors({ database, path }: Store, { epoch }: BlockRow, graceMs: number): Generator<WhyEvent> {
  const rows = database.all<OperationRow>(
    `SELECT o.kind, o.started, o.finished, o.lease, l.pid FROM operations o LEFT JOIN leases l ON l.id = o.lease
      WHERE o.epoch <= ? ORDER BY o.id LIMIT 1000`,
    epoch,
  )
  for (const { kind, started, finished, lease, pid } of rows) {
    if (finished === null && isLeaseAlive(path, lease)) yield { type: 'operation', kind, pid: pid ?? 0, started }
  }
  const ends = rows.flatMap(({ finished }) => (finished === null ? [] : [Math.min(finished, Date.now()) + graceMs]))
  const until = Math.max(...ends)
  if (until > Date.now()) yield { type: 'grace', until }
}

function lastUse({ database }: Store, cid: CID): number | undefined {
  const row = database.get<{ hour: number }>('SELECT hour FROM cache_use WHERE mh = ?', cid.multihash.bytes)
  return row && row.hour * 3_600_000
}
