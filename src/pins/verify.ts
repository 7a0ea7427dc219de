// Whether complete pins are whole: every block below them is read and checked, nothing is fetched.

import type { CID } from 'multiformats/cid'
import { isIdentity } from '../block/cid.ts'
import { DigestSet } from '../block/digest-set.ts'
import { mayLink, scanLinks } from '../block/links.ts'
import type { Wait } from '../block/source.ts'
import { CairnError, isCairnError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { createPace } from '../store/collect/pace.ts'
import type { Store } from '../store/store.ts'
import { listPins, selectPins } from './rows.ts'

export interface BadBlock {
  readonly cid: CID
  readonly error: string
}

export interface Verdict {
  readonly cid: CID
  readonly ok: boolean
  readonly bad: readonly BadBlock[]
}

/** NOT_PINNED if `cid` is given and has no complete pin. A CID pinned under several names is walked once. */
export async function* verifyPins(store: Store, { cid, signal }: Wait & { cid?: CID }): AsyncGenerator<Verdict> {
  const filter = { cid, status: 'pinned' } as const
  if (cid !== undefined && selectPins(store.database, filter, 0, 1).length === 0)
    throw new CairnError('NOT_PINNED', `${cid} is not pinned`)
  const verified = new Set<string>()
  for await (const pin of listPins(store.database, filter, { signal })) {
    const key = `${pin.mode} ${pin.cid}`
    if (verified.has(key)) continue
    verified.add(key)
    const bad = await findBad(store, pin.cid, pin.mode === 'recursive', { signal })
    yield { cid: pin.cid, ok: bad.length === 0, bad }
  }
}

async function findBad(store: Store, root: CID, recursive: boolean, wait: Wait): Promise<BadBlock[]> {
  const pace = createPace(wait.signal)
  const seen = new DigestSet({ words: 4 })
  const waiting = [root]
  const bad: BadBlock[] = []
  for (let cid = waiting.pop(); cid !== undefined; cid = waiting.pop()) {
    await pace()
    if (!isIdentity(cid) && !seen.add(cid.multihash.bytes, cid.code)) continue
    const links = await readLinks(store, cid, wait)
    if (links instanceof CairnError) bad.push({ cid, error: links.message })
    else if (recursive) waiting.push(...links.toReversed())
    if (bad.length === LIMITS.badBlocksListed.value) break
  }
  return bad
}

/** What is wrong with a block is the answer here, not a failure. */
async function readLinks(store: Store, cid: CID, wait: Wait): Promise<readonly CID[] | CairnError> {
  try {
    const bytes = isIdentity(cid) ? cid.multihash.digest : (store.peek(cid) ?? (await store.get(cid, wait)))
    return mayLink(cid.code) ? scanLinks(cid.code, bytes) : []
  } catch (error) {
    if (isCairnError(error) && ['BLOCK_NOT_LOCAL', 'CORRUPT_BLOCK', 'BAD_BLOCK'].includes(error.code)) return error
    throw error
  }
}
