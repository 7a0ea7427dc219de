// What gc-full-disk.test.ts does inside its mount name space: a disk filled to the last byte, an unpin, a collection. Argument: the folder.

import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { isCairnError } from '../../src/errors.ts'
import { pinStatements } from '../../src/pins/pins.ts'
import { initRepo } from '../../src/store/repo.ts'
import type { Store } from '../../src/store/store.ts'
import { MiB } from '../../src/units.ts'
import { folder } from '../pins/dags.ts'
import { findings, gc, pinsOf } from '../pins/support.ts'
import { assertBooks, assertReadable, leaf, openAt, putAll, rejects, WAIT } from './support.ts'

const disk = process.argv[2] ?? ''
const path = join(disk, 'repo')

async function addPinned(store: Store, seeds: readonly string[]) {
  const dag = folder(seeds, MiB)
  await using operation = await store.begin('add')
  for (const block of dag.blocks) await operation.put(block)
  await operation.finish(pinStatements([dag.root], { mode: 'recursive', name: seeds[0] ?? '' }))
  return dag
}

function fillDisk(): void {
  const fd = openSync(join(disk, 'filler'), 'w')
  for (let piece = new Uint8Array(MiB); piece.byteLength >= 1; ) {
    try {
      writeSync(fd, piece)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      piece = piece.subarray(0, piece.byteLength >> 1)
    }
  }
  closeSync(fd)
}

await initRepo(path)
const first = await openAt(path)
const kept = await addPinned(first, ['kept 1', 'kept 2', 'kept 3'])
const dead = await addPinned(first, ['dead 1', 'dead 2', 'dead 3', 'dead 4', 'dead 5', 'dead 6', 'dead 7', 'dead 8'])
await first[Symbol.asyncDispose]()
fillDisk()

const store = await openAt(path)
await rejects(putAll(store, [leaf('one more', MiB), leaf('and one', MiB)]), 'NO_SPACE')
await pinsOf(store).rm(dead.root, WAIT)
const { done } = await gc(store)
assert.is(done.removedBlocks, dead.blocks.length)
assert.ok(done.freedBytes > 7 * MiB, `${done.freedBytes} bytes freed`)
await assertReadable(store, kept.blocks)
for (const { cid } of dead.blocks) assert.not(store.has(cid))
assertBooks(store)
assert.equal(
  (await findings(store)).filter(found => found.startsWith('error')),
  [],
)
// What came back goes to the reserve first; what does not fit beside it is still refused.
const outcome = await putAll(store, [leaf('small again')]).catch(error => error)
assert.ok(outcome === undefined || isCairnError(outcome, 'NO_SPACE'), String(outcome))
await store[Symbol.asyncDispose]()
console.log('all is well')
