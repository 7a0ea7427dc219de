import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pinStatements } from '../../src/pins/pins.ts'
import type { Store } from '../../src/store/store.ts'
import { assertBooks, assertReadable, freshStore, node, openAt, putAll, WAIT } from '../store/support.ts'
import { folder, type MadeDag } from './dags.ts'
import { findings, gc, hex, listPins, pinsOf } from './support.ts'

const inner = folder(['x', 'y'])
const wrapped = (seeds: readonly string[]): MadeDag => {
  const own = folder(seeds, 9000)
  const root = node([own.root, inner.root])
  return { root: root.cid, blocks: [...inner.blocks, ...own.blocks, root] }
}
/** Overlapping in leaves, in whole subtrees, and one inside another. */
const DAGS = [
  inner,
  folder(['x', 'a']),
  wrapped(['a', 'b']),
  wrapped(['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']),
  folder(['z']),
]

type Step =
  | { readonly do: 'add' | 'put' | 'pin' | 'cache'; readonly dag: number }
  | { readonly do: 'rm'; readonly dag: number; readonly name: string }
  | { readonly do: 'gc' }
  | { readonly do: 'reopen' }

const dag = fc.nat(DAGS.length - 1)
const name = fc.constantFrom('', 'other')
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('add' as const, 'put' as const), dag }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('pin' as const, 'cache' as const), dag }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('rm' as const), dag, name }) },
  { weight: 2, arbitrary: fc.constantFrom({ do: 'gc' } as const, { do: 'reopen' } as const) },
)

/** What should be: which DAGs are pinned, and under which names. */
class Model {
  readonly pinned = new Map<number, Set<string>>()

  get blocks() {
    return [...this.pinned.keys()].flatMap(index => DAGS[index]!.blocks)
  }

  pin(index: number, name: string): void {
    this.pinned.set(index, (this.pinned.get(index) ?? new Set()).add(name))
  }

  /** Whether there was one. */
  rm(index: number, name: string): boolean {
    const names = this.pinned.get(index)
    const was = names?.delete(name) === true
    if (names?.size === 0) this.pinned.delete(index)
    return was
  }
}

async function run(store: Store, model: Model, step: Step): Promise<Store> {
  const pins = pinsOf(store)
  if (step.do === 'reopen') {
    await store[Symbol.asyncDispose]()
    return openAt(store.path)
  }
  if (step.do === 'gc') {
    await gc(store)
    const kept = new Set(model.blocks.map(({ cid }) => hex(cid)))
    assert.is(store.counters().blocks, kept.size, 'exactly what is pinned is left')
    assertBooks(store)
    return store
  }
  const { root, blocks } = DAGS[step.dag]!
  if (step.do === 'add') {
    await using operation = await store.begin('add')
    for (const block of blocks) await operation.put(block)
    await operation.finish(pinStatements([root], { mode: 'recursive', name: '' }))
    model.pin(step.dag, '')
  }
  if (step.do === 'put') await putAll(store, blocks)
  if (step.do === 'cache') {
    for (const { cid, bytes } of blocks) await store.cache(cid, bytes)
    // Cached blocks wait for the next commit: here it is.
    await store.write([])
  }
  if (step.do === 'pin') {
    const outcome = await pins.add(root, { ...WAIT, name: 'other' }).catch(error => error.code)
    if (typeof outcome !== 'string') model.pin(step.dag, 'other')
    else assert.is(outcome, 'BLOCK_NOT_LOCAL')
    if (typeof outcome === 'string') await pins.rm(root, { ...WAIT, name: 'other' })
  }
  if (step.do === 'rm') {
    const outcome = await pins.rm(root, { ...WAIT, name: step.name }).catch(error => error.code)
    assert.is(outcome, model.rm(step.dag, step.name) ? undefined : 'NOT_PINNED')
  }
  return store
}

test('adds, pins, unpins, caches, collections and restarts in any order: what is pinned is whole, and nothing else stays', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async steps => {
      let store = await freshStore()
      const model = new Model()
      for (const next of [...steps, { do: 'gc' } as const]) {
        store = await run(store, model, next)
        await assertReadable(store, model.blocks)
      }
      assert.is(
        (await listPins(pinsOf(store))).length,
        [...model.pinned.values()].reduce((sum, names) => sum + names.size, 0),
      )
      assert.equal(
        (await findings(store)).filter(found => found.startsWith('error')),
        [],
      )
      await store[Symbol.asyncDispose]()
    }),
    { numRuns: Number(process.env.MODEL_RUNS ?? 25), seed: Number(process.env.MODEL_SEED ?? 20261124) },
  )
})

test.run()
