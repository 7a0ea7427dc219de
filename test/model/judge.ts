// What a handle sees, held against what must be: every block that must be there has its bytes, none is wrong, the books are right.

import { isCairnError } from '../../src/errors.ts'
import { filesRoot } from '../../src/files/mfs.ts'
import { checkRepo } from '../../src/store/check/check.ts'
import { innerLinks } from '../../src/store/read/inner.ts'
import type { Store } from '../../src/store/store.ts'
import { assertBooks, WAIT } from '../store/support.ts'
import { BLOCKS, blockAt, KEYS, keyOf, LIE } from './universe.ts'

/** Complaints; none is what is wanted. With `exact` also that nothing else is there, and a whole check of the repository. */
export async function judge(store: Store, exact: Readonly<Record<string, 'there' | 'gone'>> | null): Promise<string[]> {
  const wrong: string[] = []
  for (const key of KEYS) wrong.push(...(await judgeBlock(store, key, exact?.[key])))
  if (store.has(LIE)) wrong.push('the lie is in the store')
  if (exact === null) return wrong
  const expected = Object.values(exact).filter(what => what === 'there').length + (await treeBlocks(store))
  const { blocks } = store.counters()
  if (blocks !== expected) wrong.push(`${blocks} blocks are here, not ${expected}`)
  try {
    assertBooks(store)
  } catch (error) {
    wrong.push(`books: ${error instanceof Error ? `${error.message} ${JSON.stringify(error)}` : error}`)
  }
  for await (const event of checkRepo({ path: store.path, store, readData: true, ...WAIT }))
    if (event.type === 'finding' && event.finding.severity === 'error')
      wrong.push(`check: ${event.finding.kind} ${event.finding.what}`)
  return wrong
}

async function judgeBlock(store: Store, key: string, must: 'there' | 'gone' | undefined): Promise<string[]> {
  const { cid, bytes } = blockAt(key)
  const has = store.has(cid)
  if (must === 'gone' && has) return [`${cid} is still here`]
  if (must === 'there' && !has) return [`${cid} is not here`]
  if (!has) return []
  try {
    return Buffer.compare(await store.get(cid, WAIT), bytes) === 0 ? [] : [`${cid} has wrong bytes`]
  } catch (error) {
    if (isCairnError(error, 'BLOCK_NOT_LOCAL') && must !== 'there') return []
    return [`${cid}: ${error}`]
  }
}

/** Folders of the file tree, which are not of the world: present and whole. */
async function treeBlocks(store: Store): Promise<number> {
  const own = new Set<string>()
  const waiting = [filesRoot(store)]
  for (let cid = waiting.pop(); cid !== undefined; cid = waiting.pop()) {
    if (BLOCKS.has(keyOf(cid)) || own.has(keyOf(cid))) continue
    own.add(keyOf(cid))
    const links = await innerLinks(store, cid, WAIT)
    if (typeof links === 'string') throw new Error(`${cid} of the file tree is ${links}`)
    waiting.push(...links)
  }
  return own.size
}
