// A process that adds, caches, unpins and collects without a pause until it is told to stop; tells each round.

import { pinStatements } from '../../src/pins/pins.ts'
import { folder } from '../pins/dags.ts'
import { gc, pinsOf } from '../pins/support.ts'
import { openAt, randomLeaf, WAIT } from './support.ts'

let stop = false
process.once('message', () => {
  stop = true
})

let rounds = 0
{
  await using store = await openAt(process.argv[2] ?? '')
  const pins = pinsOf(store)
  const dags: ReturnType<typeof folder>[] = []
  for (; !stop; rounds++) {
    const dag = folder(
      Array.from({ length: 30 }, (_, index) => `round ${rounds} ${index}`),
      4000,
    )
    dags.push(dag)
    await using operation = await store.begin('add')
    for (const block of dag.blocks) await operation.put(block)
    await operation.finish(pinStatements([dag.root], { mode: 'recursive', name: '' }))
    const { cid, bytes } = randomLeaf(100_000)
    await store.cache(cid, bytes)
    if (dags.length > 3) await pins.rm(dags.shift()!.root, WAIT)
    if (rounds % 3 === 2) await gc(store)
    await new Promise(resolve => setImmediate(resolve))
    process.send?.(rounds)
    if (!process.connected) stop = true
  }
}
process.disconnect?.()
