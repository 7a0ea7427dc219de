import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findings } from '../pins/support.ts'
import { filled } from './check-support.ts'
import { DAMAGES } from './damages.ts'

for (const { name, does, found, cheap } of DAMAGES) {
  test(`found: ${name}`, async () => {
    await using store = await filled()
    await does(store)
    const all = await findings(store)
    const kinds = (list: readonly string[]) => [...new Set(list)].sort()
    // A loss shows at the block and, under a pin, there as well: what was planted must be told, and nothing of another kind.
    const follows = [
      'error incomplete-pin',
      'error missing-bytes',
      'error wrong-counter',
      'error bad-header',
      // What garbles the header of a record garbles the way through its pack.
      'note garbled-pack',
    ]
    assert.ok(
      found.every(kind => all.includes(kind)),
      `found ${all.join(', ') || 'nothing'}`,
    )
    assert.equal(
      kinds(all).filter(kind => !found.includes(kind) && !follows.includes(kind)),
      [],
    )
    const cheaply = await findings(store, { readData: false })
    assert.is(
      found.some(kind => cheaply.includes(kind)),
      cheap,
    )
  })
}

test.run()
