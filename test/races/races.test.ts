import { tmpdir } from 'node:os'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { installPoints } from '../crash/points/points.ts'
import { watchSyncs } from './power-cut.ts'

// Before the product is loaded: what is patched must not be in memory yet.
installPoints()
await watchSyncs(tmpdir())
await import('./collection-races.ts')
await import('./keeping-races.ts')
const { played } = await import('./cast.ts')

test('the counts of the races', () => {
  if (process.env.TEST_ONLY) return
  const orders = played.reduce((sum, { count }) => sum + count, 0)
  const whole = played.filter(({ all }) => all).length
  console.log(`\n» races: ${played.length} races, ${orders} orders played (${whole} races in every order), 0 lost`)
  assert.ok(played.length > 0)
})

test.run()
