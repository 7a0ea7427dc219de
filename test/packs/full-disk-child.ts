// What full-disk.test.ts does inside its mount name space: compaction on a disk full to the last byte, out of the reserve. Argument: the folder.

import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { repoPaths } from '../../src/store/paths.ts'
import { KiB, MiB } from '../../src/units.ts'
import { findings, gc } from '../pins/support.ts'
import { assertBooks, assertReadable, leaf, openAt, putAll, rejects } from '../store/support.ts'
import { SMALL_PACKS, spaceOf, sparseRepo } from './support.ts'

const disk = process.argv[2] ?? ''
const path = join(disk, 'repo')

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

// 10 MiB of 30 live, scattered over both packs: moving them takes room before it gives any.
const { kept } = await sparseRepo(path, 425, 24 * KiB)
fillDisk()
const store = await openAt(path, SMALL_PACKS)
const before = spaceOf(store)
await rejects(putAll(store, [leaf('one more', MiB), leaf('and one', MiB)]), 'NO_SPACE')
await gc(store)
const after = spaceOf(store)
assert.ok(after.heldBytes <= 2 * after.aliveBytes, `${after.heldBytes} bytes held for ${after.aliveBytes}`)
await assertReadable(store, kept.blocks)
assertBooks(store)
const more = Array.from({ length: 20 }, (_, index) => leaf(`more ${index}`, 20 * KiB))
await putAll(store, more)
assert.ok(statSync(repoPaths(path).reserve).size >= 16 * MiB, 'the reserve is whole again')
await assertReadable(store, [...more, ...kept.blocks])
assert.equal(
  (await findings(store)).filter(found => found.startsWith('error')),
  [],
)
await store[Symbol.asyncDispose]()
const mib = (bytes: number) => (bytes / MiB).toFixed(1)
console.log(`${mib(before.heldBytes)} MiB held before, ${mib(after.heldBytes)} MiB after`)
