import { existsSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Case } from './case.ts'
import { NAMES, type Names } from './names.ts'
import { casesFor, GROUPS, runReplica } from './replica.ts'
import { startConformance } from './serving.ts'

/** The official data. Faults are looked for where they are: a part of the names of cases. */
const { CAIRN_FIXTURES: fixtures = '', TEST_ONLY: only = '' } = process.env

test('every case of every function of the suite is here, once', () => {
  const cases = casesFor(NAMES)
  const count = Object.fromEntries(
    Object.entries(Object.groupBy(cases, ({ group }) => group)).map(([group, list]) => [group, list?.length]),
  )
  assert.equal(count, GROUPS)
  assert.is(cases.length, 274)
})

const wanted = ({ group, name }: Case): boolean => `${group}/${name}`.includes(only)

const isThere = fixtures !== '' && existsSync(fixtures)
if (!isThere) console.log('\n» conformance: SKIPPED, $CAIRN_FIXTURES names no folder with the official data')

for (const workers of [0]) {
  const lane = isThere ? test : test.skip
  lane(`the suite's cases, with ${workers} workers`, async () => {
    await using gateway = await startConformance(
      fixtures,
      workers === 0 ? [] : ['--config', `gateway.workers=${workers}`],
    )
    const names: Names = { ...NAMES, GW: gateway.subdomainHost }
    const cases = casesFor(names).filter(wanted)
    const failed: string[] = []
    let checks = 0
    for await (const outcome of runReplica(gateway.address, cases)) {
      checks += outcome.checks
      if (outcome.complaints.length > 0)
        failed.push(`${outcome.group}/${outcome.name}\n    ${outcome.complaints.join('\n    ')}`)
    }
    if (only === '')
      console.log(
        `\n» conformance: ${cases.length - failed.length} of 274 cases, ${checks} checks, ${failed.length} failed (workers ${workers})`,
      )
    assert.is(failed.length, 0, failed.join('\n'))
  })
}

test.run()
