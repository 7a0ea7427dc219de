import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { heliaHandle } from './helia-handle.ts'
import { Play } from './play.ts'
import type { Step } from './steps.ts'
import { dagAt } from './universe.ts'

// Folders that share leaves and subtrees; Helia counts a raw block with children as another thing.
const dag = fc.constantFrom(0, 1, 2)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('add' as const), on: fc.constant(0), dag }),
  fc.record({ do: fc.constant('unpin' as const), on: fc.constant(0), dag, name: fc.constant('') }),
  fc.record({ do: fc.constant('gc' as const), on: fc.constant(0) }),
)

/** The same play and the same model as for our own store. An unpin of what is not pinned says nothing about pins: left out. */
async function survives(drawn: readonly Step[]): Promise<void> {
  const handle = heliaHandle()
  const play = new Play({ path: '', take: () => handle, giveBack: () => {} }, 1)
  const pinned = new Set<number>()
  const sensible = drawn.filter(next => {
    if (next.do === 'add') pinned.add(next.dag)
    return next.do !== 'unpin' || pinned.delete(next.dag)
  })
  await play.run(sensible)
}

test("the model finds that Helia's own pins lose a block that two of them share", async () => {
  let runs = 0
  const property = fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 20 }), drawn => {
    runs++
    return survives(drawn)
  })
  const found = await fc.check(property, { numRuns: 2000, seed: 20261124 })
  assert.ok(found.failed, 'nothing was lost in 2,000 runs')
  const [shortest] = found.counterexample as [Step[]]
  assert.match(String(found.errorInstance), /lost (after|at the end)/)
  const told = shortest.map(next => ('dag' in next ? `${next.do} ${'ABC'[next.dag]}` : next.do)).join(', ')
  assert.ok(dagAt(0).blocks.some(key => dagAt(2).blocks.includes(key)))
  console.log(`\n» model against Helia's pins: loss found in run ${found.numRuns} (${runs} with shrinking): ${told}`)
})

test.run()
