import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pinStatements } from '../../src/pins/pins.ts'
import { removeUnkept } from '../../src/pins/remove-block.ts'
import type { Store } from '../../src/store/store.ts'
import { overlay } from '../model/stepper.ts'
import { assertBooks, assertReadable, freshStore, leaf, putAll, rejects, WAIT } from '../store/support.ts'
import { folder } from './dags.ts'
import { gc } from './support.ts'

/** Does something once between the look and the deletion. */
function beforeRemoval(store: Store, act: () => Promise<unknown>): Store {
  let done = false
  return overlay(store, {
    async remove(cid, options) {
      if (!done) await act()
      done = true
      return store.remove(cid, options)
    },
  })
}

test('a block that nothing keeps goes; one that is not here is no error', async () => {
  await using store = await freshStore()
  const { blocks } = folder(['a'])
  await putAll(store, blocks)
  assert.is(await removeUnkept(store, blocks[0]!.cid, WAIT), true)
  assert.is(await removeUnkept(store, blocks[0]!.cid, WAIT), false)
  assertBooks(store)
})

test('what the file tree keeps stays: without it no collection would run any more', async () => {
  await using store = await freshStore()
  const { root, blocks } = folder(['a'])
  await putAll(store, blocks)
  await store.write([
    { sql: "INSERT INTO roots (kind, key, cid) VALUES ('mfs', '/', ?)", params: [root.bytes] },
    { sql: "UPDATE meta SET value = value + 1 WHERE key = 'roots_version'", params: [] },
  ])
  for (const { cid } of blocks) await rejects(removeUnkept(store, cid, WAIT), 'FORBIDDEN')
  await gc(store)
  await assertReadable(store, blocks)
})

test('a pin that is completed between the look and the deletion keeps the block', async () => {
  await using store = await freshStore()
  const { root, blocks } = folder(['a'])
  await putAll(store, blocks)
  const pinning = beforeRemoval(store, async () => {
    await using operation = await store.begin('pin')
    for (const { cid } of blocks) assert.ok(await operation.keep(cid, WAIT))
    await operation.finish(pinStatements([root], { mode: 'recursive', name: '' }))
  })
  await rejects(removeUnkept(pinning, blocks[0]!.cid, WAIT), 'FORBIDDEN')
  await assertReadable(store, blocks)
})

test('roots that have nothing to do with it only make it look again', async () => {
  await using store = await freshStore()
  const [mine, other] = [leaf('mine'), folder(['other'])]
  await putAll(store, [mine, ...other.blocks])
  const adding = beforeRemoval(store, () => store.write(pinStatements([other.root], { mode: 'recursive', name: '' })))
  assert.is(await removeUnkept(adding, mine.cid, WAIT), true)
  await assertReadable(store, other.blocks)
})

test.run()
