// Why a block is kept: the pin that names it, or the first one found that reaches it.

import type { CID } from 'multiformats/cid'
import type { PinMode } from '../api/pins.ts'
import { isIdentity } from '../block/cid.ts'
import { DigestSet } from '../block/digest-set.ts'
import type { Wait } from '../block/source.ts'
import { createPace } from '../store/collect/pace.ts'
import { innerLinks } from '../store/read/inner.ts'
import type { Store } from '../store/store.ts'
import { listPins, pinsOfBlock } from './rows.ts'

export interface Keeper {
  readonly mode: PinMode | 'indirect'
  readonly root: CID
}

/** Pins in every status count: the incomplete ones keep what they have. Reads inner nodes only, each once. */
export async function whyPinned(store: Store, cid: CID, wait: Wait): Promise<Keeper | undefined> {
  const [named] = pinsOfBlock(store.database, cid)
  if (named !== undefined) return { mode: named.mode, root: named.cid }
  if (isIdentity(cid)) return undefined
  const seen = new DigestSet({ words: 4 })
  for await (const { cid: root } of listPins(store.database, { mode: 'recursive' }, wait)) {
    if (await reaches(store, root, cid, seen, wait)) return { mode: 'indirect', root }
  }
  return undefined
}

/** `seen` holds what earlier roots reached: the target was not below it. */
async function reaches(store: Store, root: CID, target: CID, seen: DigestSet, wait: Wait): Promise<boolean> {
  const pace = createPace(wait.signal)
  const wanted = Buffer.from(target.multihash.bytes)
  const waiting = [root]
  for (let cid = waiting.pop(); cid !== undefined; cid = waiting.pop()) {
    await pace()
    const inner = innerLinks(store, cid, wait)
    const links = inner instanceof Promise ? await inner : inner
    if (links === 'missing' || links === 'bad' || links.length === 0) continue
    if (!isIdentity(cid) && !seen.add(cid.multihash.bytes, cid.code)) continue
    for (const link of links) {
      if (wanted.equals(link.multihash.bytes)) return true
      if (!seen.has(link.multihash.bytes, link.code)) waiting.push(link)
    }
  }
  return false
}
