// Pinning what is here already: a walk that only reads, and one transaction that checks once more and pins.

import type { CID } from 'multiformats/cid'
import type { PinMode, PinProgress } from '../api/pins.ts'
import { isIdentity } from '../block/cid.ts'
import { mayLink, scanLinks } from '../block/links.ts'
import { isCairnError } from '../errors.ts'
import { createPace } from '../store/collect/pace.ts'
import { PLACE_BAD } from '../store/database/schema.ts'
import type { Statement, Store } from '../store/store.ts'
import { enforceCap, type WalkCaps } from './caps.ts'
import type { PresentBlocks } from './statements.ts'

/** A larger DAG is walked under an operation: looking at all of it again would hold the write lock for too long. */
const MOST_BLOCKS = 1000

export interface LookThrough {
  readonly root: CID
  readonly mode: PinMode
  readonly caps: WalkCaps
  readonly refuse: (cid: CID) => void
  readonly signal: AbortSignal
  readonly onProgress?: ((progress: PinProgress) => void) | undefined
}

/** Runs the statements that `pin` makes of the blocks; false if not all is here and kept, too much for this, or some went meanwhile. */
export async function pinPresent(
  store: Store,
  look: LookThrough,
  pin: (present: PresentBlocks) => readonly Statement[],
): Promise<boolean> {
  const present = await lookThrough(store, look)
  if (present === undefined) return false
  try {
    await store.write(pin(present))
    look.onProgress?.({ blocks: present.all.length, bytes: present.bytes, fetched: 0 })
    return true
  } catch (error) {
    if (isCairnError(error, 'NOT_FOUND')) return false
    throw error
  }
}

interface Row {
  readonly size: number
  readonly links: number
}

const SELECT_KEPT = `SELECT size, links FROM blocks WHERE mh = ? AND kept = 1 AND pack <> ${PLACE_BAD}`

async function lookThrough(
  store: Store,
  options: LookThrough,
): Promise<(PresentBlocks & { readonly bytes: number }) | undefined> {
  const { root, mode, caps, refuse, signal } = options
  const pace = createPace(signal)
  const seen = new Set<string>()
  const inner = new Set<string>()
  const all = new Set<string>()
  const waiting = [{ cid: root, depth: 0 }]
  let bytes = 0
  for (let step = waiting.pop(); step !== undefined; step = waiting.pop()) {
    const { cid, depth } = step
    enforceCap('pinDepth', depth, caps, root)
    const hex = Buffer.from(cid.multihash.bytes).toString('hex')
    if (seen.has(`${cid.code} ${hex}`)) continue
    seen.add(`${cid.code} ${hex}`)
    if (seen.size > MOST_BLOCKS) return undefined
    enforceCap('pinBlocks', seen.size, caps, root)
    refuse(cid)
    const turn = pace()
    if (turn !== undefined) await turn
    const row = isIdentity(cid) ? { size: 0, links: 1 } : store.database.get<Row>(SELECT_KEPT, cid.multihash.bytes)
    if (row === undefined) return undefined
    const links = await linksOf(store, cid, { signal })
    if (links === undefined || (links.length > 0 && row.links === 0)) return undefined
    if (!isIdentity(cid)) all.add(hex)
    if (!isIdentity(cid) && links.length > 0) inner.add(hex)
    bytes += row.size
    enforceCap('pinBytes', bytes, caps, root)
    if (mode === 'recursive') for (const link of links.toReversed()) waiting.push({ cid: link, depth: depth + 1 })
  }
  return { all: [...all], inner: [...inner], bytes }
}

/** Undefined if its bytes are no good: what is to be done about that is the other walk's to find out. */
async function linksOf(store: Store, cid: CID, wait: { signal: AbortSignal }): Promise<readonly CID[] | undefined> {
  if (!mayLink(cid.code)) return []
  try {
    const bytes = isIdentity(cid) ? cid.multihash.digest : (store.peek(cid) ?? (await store.get(cid, wait)))
    return scanLinks(cid.code, bytes)
  } catch (error) {
    if (isCairnError(error) && ['BLOCK_NOT_LOCAL', 'CORRUPT_BLOCK', 'BAD_BLOCK'].includes(error.code)) return undefined
    throw error
  }
}
