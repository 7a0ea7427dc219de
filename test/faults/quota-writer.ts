// One of the processes that hammer a repository with a hard limit: adds, unpins, caches and collects until it is told to stop. Arguments: repository, limit, seed.

import { isCairnError } from '../../src/errors.ts'
import { SILENT } from '../../src/observe/log.ts'
import { pinStatements } from '../../src/pins/pins.ts'
import { makeRoom } from '../../src/pins/room.ts'
import { folder } from '../pins/dags.ts'
import { pinsOf } from '../pins/support.ts'
import { openAt, randomLeaf, WAIT } from '../store/support.ts'

const [path = '', max = '0', seed = ''] = process.argv.slice(2)
let stop = false
process.on('message', () => {
  stop = true
})

const counts = { rounds: 0, stored: 0, refused: 0, unpinned: 0, cached: 0 }
{
  await using store = await openAt(path, {
    maxBytes: Number(max),
    commit: Number(seed) % 2 === 0 ? 'worker' : 'inline',
    makeRoom: async own => {
      for await (const _ of makeRoom(own, { graceMs: 0 }, { ...WAIT, log: SILENT })) {
        // Whether it was enough is seen by the write.
      }
    },
  })
  const pins = pinsOf(store)
  const mine: ReturnType<typeof folder>[] = []
  for (; !stop; counts.rounds++) {
    // Small ones inline, large ones in packs, in turn.
    const large = counts.rounds % 3 !== 0
    const dag = folder(
      Array.from({ length: large ? 12 : 40 }, (_, index) => `${seed} ${counts.rounds} ${index}`),
      large ? 400_000 : 900,
    )
    try {
      await using operation = await store.begin('add')
      for (const block of dag.blocks) await operation.put(block)
      await operation.finish(pinStatements([dag.root], { mode: 'recursive', name: '' }))
      mine.push(dag)
      counts.stored++
    } catch (error) {
      if (!isCairnError(error, 'NO_SPACE')) throw error
      counts.refused++
      process.send?.('refused')
      const oldest = mine.shift()
      if (oldest !== undefined) {
        await pins.rm(oldest.root, WAIT)
        counts.unpinned++
      }
    }
    const { cid, bytes } = randomLeaf(counts.rounds % 2 === 0 ? 150_000 : 2000)
    await store.cache(cid, bytes)
    counts.cached++
    await new Promise(resolve => setImmediate(resolve))
    if (!process.connected) stop = true
  }
  // What was acknowledged and not unpinned is all there.
  for (const { blocks } of mine) for (const { cid } of blocks) await store.get(cid, WAIT)
}
process.send?.(counts)
process.disconnect?.()
