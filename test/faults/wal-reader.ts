// Reads through the store's own doors without a pause: pins page by page, blocks, a check. Argument: repository.

import { checkRepo } from '../../src/store/check/check.ts'
import { pinsOf } from '../pins/support.ts'
import { openAt, WAIT } from '../store/support.ts'

let stop = false
process.on('message', () => {
  stop = true
})
await using store = await openAt(process.argv[2] ?? '')
process.send?.('ready')
let rounds = 0
while (!stop) {
  for await (const pin of pinsOf(store).ls(WAIT)) {
    await store.get(pin.cid, WAIT)
    // A client that takes its time: nothing may stay open meanwhile.
    await new Promise(resolve => setTimeout(resolve, 1))
    if (stop) break
  }
  if (rounds % 3 === 0 && !stop) for await (const _ of checkRepo({ path: store.path, store, ...WAIT })) if (stop) break
  rounds++
  await new Promise(resolve => setImmediate(resolve))
  if (!process.connected) stop = true
}
process.disconnect?.()
