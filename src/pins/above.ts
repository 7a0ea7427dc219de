// What of the pins stands above a block: its own pin, or a pinned root whose DAG holds it.

import { CID } from 'multiformats/cid'
import type { PinMode } from '../api/pins.ts'
import { isIdentity } from '../block/cid.ts'
import { DigestSet } from '../block/digest-set.ts'
import type { Wait } from '../block/source.ts'
import { createPace } from '../store/collect/pace.ts'
import { PIN_MODES } from '../store/database/schema.ts'
import { innerLinks } from '../store/read/inner.ts'
import type { Store } from '../store/store.ts'
import { certainNow, SYSTEM_CLOCK } from './clock.ts'
import { listPins } from './rows.ts'

interface PinnedRow {
  readonly cid: Uint8Array
  readonly mode: number
  readonly expires: number | null
}

/** A recursive pin counts under its own codec only: the same bytes read as another have other links. */
export function modeOf({ database }: Pick<Store, 'database'>, cid: CID): PinMode | undefined {
  const rows = database.all<PinnedRow>(
    'SELECT cid, mode, expires FROM pins WHERE mh = ? LIMIT 1000',
    cid.multihash.bytes,
  )
  let found: PinMode | undefined
  for (const { cid: pinned, mode, expires } of rows) {
    if (expires !== null && expires <= certainNow(SYSTEM_CLOCK)) continue
    if (PIN_MODES[mode] === 'recursive' && CID.decode(pinned).code === cid.code) return 'recursive'
    found = 'direct'
  }
  return found
}

/** Reads inner nodes only, each once, however many roots share it. */
export async function rootAbove(store: Store, cid: CID, wait: Wait): Promise<CID | undefined> {
  const barren = new DigestSet({ words: 4 })
  for await (const { cid: root, expires } of listPins(store.database, { mode: 'recursive' }, wait)) {
    if (expires !== undefined && expires <= certainNow(SYSTEM_CLOCK)) continue
    if (isSame(root, cid) || (await reaches(store, root, cid, barren, wait))) return root
  }
  return undefined
}

async function reaches(store: Store, root: CID, target: CID, barren: DigestSet, wait: Wait): Promise<boolean> {
  const pace = createPace(wait.signal)
  const waiting = [root]
  for (let cid = waiting.pop(); cid !== undefined; cid = waiting.pop()) {
    const turn = pace()
    if (turn !== undefined) await turn
    if (!isIdentity(cid) && barren.has(cid.multihash.bytes, cid.code)) continue
    const inner = innerLinks(store, cid, wait)
    const links = inner instanceof Promise ? await inner : inner
    if (links === 'missing' || links === 'bad' || links.length === 0) continue
    if (!isIdentity(cid)) barren.add(cid.multihash.bytes, cid.code)
    for (const link of links) {
      if (isSame(link, target)) return true
      waiting.push(link)
    }
  }
  return false
}

/** CIDv0 and v1 are one; codecs are not. */
const isSame = (a: CID, b: CID): boolean =>
  a.code === b.code && Buffer.from(a.multihash.bytes).equals(b.multihash.bytes)
