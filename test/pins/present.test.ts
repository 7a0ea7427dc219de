import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RAW } from '../../src/block/cid.ts'
import { SILENT } from '../../src/observe/log.ts'
import { DEFAULT_CAPS, type WalkCaps } from '../../src/pins/caps.ts'
import { createPins } from '../../src/pins/pins.ts'
import type { Store } from '../../src/store/store.ts'
import { assertReadable, freshStore, leaf, node, putAll, rejects, WAIT } from '../store/support.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { diamond, folder } from './dags.ts'
import { gc, healthy, hexOf, listPins, pinsOf, withNetwork } from './support.ts'

/** The store, with something done just before its next write. */
function beforeWrite(store: Store, act: () => Promise<unknown>): Store {
  let acted = false
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (name !== 'write') return value.bind(target)
      return async (...args: unknown[]) => {
        if (!acted) {
          acted = true
          await act()
        }
        return value.apply(target, args)
      }
    },
  })
}

test('what is all here is pinned in one transaction, without an operation and without asking anyone', async () => {
  await using store = await freshStore()
  const { root, blocks } = folder(['a', 'b', 'c'])
  await putAll(store, blocks)
  const network = new MemoryBlocks()
  let [writes, begun] = [0, 0]
  const counted: Store = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (name === 'write') writes++
      if (name === 'begin') begun++
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  await pinsOf(counted, withNetwork(store, network)).add(root, WAIT)
  assert.equal({ writes, begun, asked: network.reads.length }, { writes: 1, begun: 0, asked: 0 })
  await pinsOf(store).rm(root, WAIT)
  await healthy(store)
})

test('a diamond of 30 levels and 60 blocks is pinned by looking at each once', async () => {
  await using store = await freshStore()
  const { root, blocks } = diamond(30, 2)
  await putAll(store, blocks)
  let blocksSeen = 0
  await pinsOf(store).add(root, { ...WAIT, onProgress: progress => (blocksSeen = progress.blocks) })
  assert.is(blocksSeen, blocks.length)
  assert.is(blocks.length, 61)
})

test('a block that goes between the look and the transaction: the pin is not made, and what is there stays as it was', async () => {
  await using store = await freshStore()
  const { root, blocks } = folder(['a', 'b'])
  await putAll(store, blocks)
  const victim = blocks[0]!
  const racing = beforeWrite(store, () => store.remove(victim.cid, WAIT))
  await rejects(pinsOf(racing).add(root, WAIT), 'BLOCK_NOT_LOCAL')
  assert.equal(
    (await listPins(pinsOf(store))).map(({ status }) => status),
    ['failed'],
  )
  await putAll(store, [victim])
  const again = beforeWrite(store, () => store.remove(victim.cid, WAIT))
  const network = new MemoryBlocks()
  network.put(victim)
  await pinsOf(again, withNetwork(store, network)).add(root, WAIT)
  await assertReadable(store, blocks)
  assert.equal((await gc(store)).removed, [])
})

test('pin against sweep: a collection between the look and the transaction takes all or nothing of it', async () => {
  for (const order of ['collection first', 'pin first']) {
    await using store = await freshStore()
    const { root, blocks } = folder(['a', 'b'])
    const dead = folder(['dead'])
    await putAll(store, [...blocks, ...dead.blocks])
    const collection = () => gc(store)
    const pins = order === 'pin first' ? pinsOf(store) : pinsOf(beforeWrite(store, collection))
    const outcome = await pins.add(root, WAIT).then(
      () => 'pinned',
      error => error.code,
    )
    const { removed } = await gc(store)
    if (order === 'pin first') {
      assert.is(outcome, 'pinned')
      assert.equal(removed.toSorted(), hexOf(dead.blocks))
      await assertReadable(store, blocks)
    } else {
      assert.is(outcome, 'BLOCK_NOT_LOCAL')
      // The root may have come back from memory, where its bytes were, before the walk met the missing leaf.
      assert.ok(store.counters().blocks <= 1)
      await healthy(store)
    }
  }
})

test('a node that came in as raw is not taken for a leaf', async () => {
  await using store = await freshStore()
  const { root, blocks } = folder(['a', 'b'])
  await putAll(store, [
    { ...blocks.at(-1)!, cid: CID.createV1(RAW, root.multihash), hasLinks: false },
    ...blocks.slice(0, 2),
  ])
  await pinsOf(store).add(root, WAIT)
  assert.is(
    store.database.get<{ links: number }>('SELECT links FROM blocks WHERE mh = ?', root.multihash.bytes)?.links,
    1,
  )
  assert.equal((await gc(store)).removed, [])
})

test('the same pin twice at the same time is one row', async () => {
  await using store = await freshStore()
  const { root, blocks } = folder(['a', 'b'])
  await putAll(store, blocks)
  const pins = pinsOf(store)
  const both = await Promise.all([pins.add(root, WAIT), pins.add(root, WAIT)])
  assert.is(both[0].id, both[1].id)
  assert.is((await listPins(pins)).length, 1)
})

const CHAIN = 12

function chain() {
  const blocks = [leaf('end', 500)]
  for (let level = 0; level < CHAIN; level++) blocks.push(node([blocks.at(-1)!.cid]))
  return { root: blocks.at(-1)!.cid, blocks }
}

const total = (blocks: readonly { bytes: Uint8Array }[]) => blocks.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)

const CASES: readonly { what: string; caps: (dag: ReturnType<typeof chain>) => Partial<WalkCaps>; says: RegExp }[] = [
  {
    what: 'blocks',
    caps: ({ blocks }) => ({ pinBlocks: blocks.length - 1 }),
    says: /blocks of the pin of .*: 13 count, more than the 12 allowed/,
  },
  {
    what: 'depth',
    caps: () => ({ pinDepth: CHAIN - 1 }),
    says: /levels of the pin of .*: 12 count, more than the 11 allowed/,
  },
  {
    what: 'bytes',
    caps: ({ blocks }) => ({ pinBytes: total(blocks) - 1 }),
    says: /bytes of the pin of .* more than the \d+ allowed/,
  },
]

for (const { what, caps, says } of CASES) {
  test(`the cap on ${what}: at it a pin is made, beyond it LIMIT names it and its key, here and from the network`, async () => {
    const dag = chain()
    const network = new MemoryBlocks()
    for (const block of dag.blocks) network.put(block)
    for (const place of ['here', 'network'] as const) {
      await using store = await freshStore()
      if (place === 'here') await putAll(store, dag.blocks)
      const make = (some: Partial<WalkCaps>) =>
        createPins({
          store,
          sourceFor: () => withNetwork(store, network),
          log: SILENT,
          caps: { ...DEFAULT_CAPS, ...some },
        })
      const error = (await rejects(make(caps(dag)).add(dag.root, WAIT), 'LIMIT')) as Error & { hint: string }
      assert.match(error.message, says)
      assert.match(error.hint, /pins\.max(Blocks|Depth|Bytes)/)
      const least = Object.fromEntries(Object.entries(caps(dag)).map(([name, most]) => [name, most + 1]))
      assert.is((await make(least).add(dag.root, WAIT)).status, 'pinned')
    }
  })
}

test('the cap on time ends a walk that is kept waiting, and names itself', async () => {
  await using store = await freshStore()
  const { root } = folder(['a'])
  const source = {
    ...withNetwork(store, new MemoryBlocks()),
    get: (_: CID, { signal }: { signal: AbortSignal }) =>
      new Promise<Uint8Array>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  }
  const pins = createPins({ store, sourceFor: () => source, log: SILENT, caps: { ...DEFAULT_CAPS, pinTimeMs: 50 } })
  const error = (await rejects(pins.add(root, WAIT), 'LIMIT')) as Error & { hint: string }
  assert.match(error.message, /time of the pin of .* ms, more than the 50 allowed/)
  assert.match(error.hint, /pins\.maxTime/)
})

test.after(() =>
  console.log('\n» pins: 4 of 4 caps tested on both sides, a present DAG costs 1 transaction and 0 requests'),
)

test.run()
