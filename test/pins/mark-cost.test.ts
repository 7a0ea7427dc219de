import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sha256 } from '../../src/block/hash.ts'
import { Marks } from '../../src/pins/mark.ts'
import { pinStatements } from '../../src/pins/pins.ts'
import type { Store } from '../../src/store/store.ts'
import { GiB, KiB, MiB } from '../../src/units.ts'
import { assertReadable, bytesOf, freshStore, node, rejects, WAIT } from '../store/support.ts'
import { gc } from './support.ts'

const TOTAL = process.env.TEST_FULL ? 10 * GiB : 64 * MiB
const LEAF = 256 * KiB
const LINKS = 174

/** A dag-pb leaf without links, as v0 has them: its codec does not say that there is nothing below it. */
function v0Leaf(index: number) {
  const bytes = dagPb.encode({ Data: bytesOf(`leaf ${index}`, LEAF), Links: [] })
  return { cid: CID.createV0(sha256(bytes)), bytes, hasLinks: false }
}

/** A pinned tree over v0 leaves. */
async function addFile(store: Store, totalBytes: number) {
  await using operation = await store.begin('add')
  const inner = []
  const count = Math.ceil(totalBytes / LEAF)
  for (let index = 0; index < count; index += LINKS) {
    const children: CID[] = []
    for (let child = index; child < Math.min(count, index + LINKS); child++) {
      const leaf = v0Leaf(child)
      children.push(leaf.cid)
      await operation.put(leaf)
    }
    inner.push(node(children))
  }
  const root = node(inner.map(({ cid }) => cid))
  for (const block of [...inner, root]) await operation.put(block)
  await operation.finish(pinStatements([root.cid], { mode: 'recursive', name: '' }))
  return { root, inner, leaves: count }
}

/** Every way to a block's bytes, counted. */
function counting(store: Store): { store: Store; read: { bytes: number; leaves: number } } {
  const read = { bytes: 0, leaves: 0 }
  const note = (bytes: Uint8Array) => {
    read.bytes += bytes.byteLength
    if (bytes.byteLength >= LEAF) read.leaves++
  }
  const database = new Proxy(store.database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (name !== 'get') return typeof value === 'function' ? value.bind(target) : value
      return (...args: Parameters<typeof target.get>) => {
        const row = target.get<{ bytes?: unknown }>(...args)
        if (row?.bytes instanceof Uint8Array) note(row.bytes)
        return row
      }
    },
  })
  const counted = new Proxy(store, {
    get(target, name) {
      if (name === 'database') return database
      if (name === 'peek')
        return (cid: CID) => {
          const bytes = target.peek(cid)
          if (bytes !== undefined) note(bytes)
          return bytes
        }
      if (name === 'get')
        return async (cid: CID, wait: typeof WAIT) => {
          const bytes = await target.get(cid, wait)
          note(bytes)
          return bytes
        }
      if (name === 'borrow')
        return async (cid: CID, wait: typeof WAIT) => {
          const borrowed = await target.borrow(cid, wait)
          note(borrowed.bytes)
          return borrowed
        }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { store: counted, read }
}

test('mark reads inner nodes and no leaf, though the codec of the leaves may have links', async () => {
  await using store = await freshStore({ maxBytes: 40 * GiB })
  const { inner, leaves } = await addFile(store, TOTAL)
  const { store: counted, read } = counting(store)
  const marks = new Marks({ store: counted, part: { index: 0, count: 1 }, expected: leaves, ...WAIT })
  await marks.markRoots()
  assert.is(marks.size, leaves + inner.length + 1)
  assert.is(read.leaves, 0)
  assert.ok(read.bytes > 0 && read.bytes < TOTAL / 100, `${read.bytes} bytes`)
  console.log(
    `» mark-cost: ${leaves} v0 leaves (${TOTAL / MiB} MiB), ${read.leaves} of them read, ${read.bytes} bytes read (${((read.bytes / TOTAL) * 100).toFixed(3)} %)`,
  )
})

test('an inner node that is missing or bad below a complete pin: nothing is swept, and the error names root and block', async () => {
  await using store = await freshStore({ maxBytes: 40 * GiB })
  const { root, inner } = await addFile(store, 64 * MiB)
  const garbage = v0Leaf(-1)
  await using operation = await store.begin('put')
  await operation.put(garbage)
  await operation.finish()
  const { blocks } = store.counters()
  const missing = inner[0]!
  await store.database.transact(tx => {
    tx.run('UPDATE blocks SET pack = -2 WHERE mh = ?', missing.cid.multihash.bytes)
  })
  const error = await rejects(gc(store), 'REPO_DAMAGED')
  assert.ok(error.message.includes(String(missing.cid)) && error.message.includes(String(root.cid)), error.message)
  assert.is(store.counters().blocks, blocks)
  await assertReadable(store, [garbage])
})

test.run()
