// One of the processes that open, read, write and close without a pause. Arguments: repository, seed, milliseconds. Tells what was acknowledged.

import { isCairnError } from '../../src/errors.ts'
import { leaf, openAt, putAll, WAIT } from '../store/support.ts'

const [path = '', seed = '', durationMs = '0'] = process.argv.slice(2)
const stopAt = performance.now() + Number(durationMs)

/** Anything that SQLite or the mutex says of being busy. */
function isBusy(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  if (isCairnError(error, 'REPO_LOCKED')) return true
  return (
    cause instanceof Error && 'errcode' in cause && typeof cause.errcode === 'number' && (cause.errcode & 0xff) === 5
  )
}

const acknowledged: string[] = []
let [opens, busy, reads] = [0, 0, 0]
let last: ReturnType<typeof leaf> | undefined
for (let round = 0; performance.now() < stopAt; round++) {
  try {
    const store = await openAt(path, { commit: round % 5 === 4 ? 'worker' : 'inline' })
    opens++
    try {
      if (last !== undefined) {
        await store.get(last.cid, WAIT)
        reads++
      }
      const block = leaf(`${seed}/${round}`, round % 4 === 0 ? 70_000 : 300)
      await putAll(store, [block])
      acknowledged.push(block.cid.toString())
      last = block
    } finally {
      await store[Symbol.asyncDispose]()
    }
  } catch (error) {
    if (!isBusy(error)) throw error
    busy++
  }
}
process.send?.({ acknowledged, opens, busy, reads })
process.disconnect?.()
