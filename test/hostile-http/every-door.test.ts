import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ALL_CASES } from '../hostile/corpus.ts'
import { HTTP_DOORS } from './corpus-doors.ts'

/** Which suite sends what is named for a door through it, as its `must` says. */
const SUITES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(HTTP_DOORS.map(door => [door, 'hostile-http/corpus'])),
  import: 'hostile/doors',
  put: 'hostile/doors',
  pin: 'hostile/doors',
  ls: 'hostile/doors',
  get: 'hostile/doors',
  stat: 'hostile/doors',
  bitswap: 'net/wire-block',
  subdomain: 'gateway/hostile-redirects',
  'name-inspect': 'hostile-http/records',
  'name-put': 'hostile-http/records',
  'routing-put': 'hostile-http/records',
  gateway: 'hostile-http/records',
  denylist: 'policy/corpus',
  add: 'hostile/sources',
}

test('every door that a hostile case names has a suite that sends it through', () => {
  const byDoor = new Map<string, number>()
  for (const { doors } of ALL_CASES) for (const door of doors) byDoor.set(door, (byDoor.get(door) ?? 0) + 1)
  for (const door of byDoor.keys()) {
    const suite = SUITES[door]
    assert.ok(suite !== undefined, `nobody asks ${door}`)
    assert.ok(existsSync(join(import.meta.dirname, '..', `${suite}.test.ts`)), suite)
  }
  assert.is(ALL_CASES.length, 592)
  for (const { name, doors } of ALL_CASES) assert.ok(doors.length > 0, name)
  const asked = [...byDoor.values()].reduce((sum, count) => sum + count, 0)
  console.log(
    `» hostility: ${ALL_CASES.length} cases name ${byDoor.size} doors, ${asked} times: ${new Set(Object.values(SUITES)).size} suites send all of them through (in the full run)`,
  )
})

test.run()
