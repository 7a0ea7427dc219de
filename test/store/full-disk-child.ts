// What full-disk.test.ts does inside its mount name space. Arguments: what to do, the folder.

import { closeSync, existsSync, openSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { isCairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { initRepo } from '../../src/store/repo.ts'
import { KiB, MiB } from '../../src/units.ts'
import { assertBooks, assertReadable, leaf, openAt, putAll, randomLeaf, rejects } from './support.ts'

const [what = '', folder = ''] = process.argv.slice(2)
const path = join(folder, 'repo')
const known = Array.from({ length: 20 }, (_, index) => leaf(`known ${index}`, 30 * KiB))

async function make(): Promise<void> {
  await initRepo(path)
  const store = await openAt(path)
  await putAll(store, known)
  await putAll(store, [leaf('inline')])
  if (what === 'make-dirty') process.kill(process.pid, 'SIGKILL')
  await store[Symbol.asyncDispose]()
}

async function readOnly(): Promise<void> {
  const store = await openAt(path)
  await assertReadable(store, [...known, leaf('inline')])
  assert.ok(store.database.readOnly)
  await rejects(store.begin('add'), 'READ_ONLY')
  await rejects(store.write([{ sql: 'DELETE FROM pins', params: [] }]), 'READ_ONLY')
  assert.is(store.counters().blocks, known.length + 1)
  await store[Symbol.asyncDispose]()
}

/** Every byte the disk has left. */
function fillDisk(): void {
  const fd = openSync(join(folder, 'filler'), 'w')
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

async function full(): Promise<void> {
  await make()
  let store = await openAt(path)
  const stored = [...known]
  let refused: unknown
  for (let round = 0; round < 100 && refused === undefined; round++) {
    const blocks = Array.from({ length: 3 }, () => randomLeaf(MiB))
    await putAll(store, blocks).then(
      () => stored.push(...blocks),
      error => {
        refused = error
      },
    )
  }
  assert.ok(isCairnError(refused, 'NO_SPACE'), String(refused))
  await assertReadable(store, stored)
  await Promise.resolve(store[Symbol.asyncDispose]()).catch(() => undefined)
  fillDisk()
  store = await openAt(path)
  await assertReadable(store, stored)
  const removed = await store.write([{ sql: 'DELETE FROM data WHERE id < 0', params: [] }], { freesRoom: true })
  assert.equal(removed, [0])
  await store.write([{ sql: "INSERT INTO meta VALUES ('unpinned', 1)", params: [] }], { freesRoom: true })
  assert.ok(statSync(join(path, 'reserve')).size > LIMITS.reserveBytes.value / 2, 'the reserve was taken back at once')
  await rejects(putAll(store, [randomLeaf(MiB), randomLeaf(MiB)]), 'NO_SPACE')
  await assertReadable(store, stored)
  // Somebody makes room: the reserve is filled again before anything else is written.
  const { rmSync } = await import('node:fs')
  rmSync(join(folder, 'filler'))
  const more = [randomLeaf(KiB)]
  await putAll(store, more)
  assert.is(statSync(join(path, 'reserve')).size, LIMITS.reserveBytes.value)
  await assertReadable(store, [...stored, ...more])
  assertBooks(store)
  await store[Symbol.asyncDispose]()
}

if (what.startsWith('make')) await make()
if (what === 'full') await full()
if (what === 'read-only') await readOnly()
assert.ok(existsSync(path))
console.log('all is well')
