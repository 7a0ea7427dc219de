// A process that writes to a store for the tests: prints a line for each batch that is durable.
// Arguments: repository, inline|worker, seed, batches, blocks per batch, bytes per block.

import { setTimeout } from 'node:timers/promises'
import { leaf, node, openAt } from './support.ts'

const [path = '', commit = 'inline', seed = '', batches = '1', perBatch = '10', sizeBytes = '1000'] =
  process.argv.slice(2)
const store = await openAt(path, { commit: commit === 'worker' ? 'worker' : 'inline' })
await using operation = await store.begin('add')
for (let batch = 0; batch < Number(batches); batch++) {
  const blocks = Array.from({ length: Number(perBatch) }, (_, index) =>
    leaf(`${seed}/${batch}/${index}`, Number(sizeBytes)),
  )
  const root = node(blocks.map(block => block.cid))
  for (const block of [...blocks, root]) await operation.put(block)
  await operation.flush()
  console.log(`durable ${batch}`)
  await setTimeout(0)
}
await operation.finish()
await store[Symbol.asyncDispose]()
console.log('closed')
