import { existsSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from '../support/cairn.ts'
import type { Case } from './case.ts'
import { NAMES, type Names } from './names.ts'
import { type OwnData, readOwnData, writeOwnData } from './own-data.ts'
import { casesFor, GROUPS, runReplica } from './replica.ts'
import { startConformance, WORKER_LANES } from './serving.ts'

/** The official data; and, where faults are looked for, a part of the names of cases and data made before. */
const { CAIRN_FIXTURES: fixtures = '', TEST_ONLY: only = '', CONFORMANCE_DATA: made = '' } = process.env

test('every case of every function of the suite is here, once', () => {
  const cases = casesFor(NAMES)
  const counts = Object.entries(Object.groupBy(cases, ({ group }) => group)).map(([group, of]) => [group, of?.length])
  assert.equal(Object.fromEntries(counts), GROUPS)
  assert.is(cases.length, 274)
})

interface Lane {
  readonly title: string
  readonly workers: number
  /** Writes the fixtures or tells where they are. */
  data(): Promise<OwnData>
}

const own = async (): Promise<OwnData> => (made === '' ? writeOwnData(temporaryFolder('fixtures')) : readOwnData(made))
const official = async (): Promise<OwnData> => ({ folder: fixtures, names: {} })
const isThere = fixtures !== '' && existsSync(fixtures)
const ours = { title: 'conformance on DAGs of our own', data: own }
const theirs = isThere ? [{ title: 'conformance', data: official }] : []
/** Both kinds of data without workers, the official alone with them, if it is there. */
const lanes: readonly Lane[] = WORKER_LANES.flatMap(workers => {
  const data = workers === 0 || !isThere ? [ours, ...theirs] : theirs
  return data.map(kind => ({ ...kind, workers }))
})
if (!isThere) {
  const reason = fixtures === '' ? '$CAIRN_FIXTURES is not set' : `there is no ${fixtures}`
  console.log(`\n» conformance: SKIPPED with the official data, ${reason}; all of it runs on DAGs of our own`)
}

for (const { title, workers, data } of lanes) {
  test(`${title}, with ${workers} workers`, async () => {
    const { folder, names } = await data()
    await using gateway = await startConformance(folder, workers)
    const all: Names = { ...NAMES, ...names, GW: gateway.subdomainHost }
    const cases = casesFor(all).filter(({ group, name }: Case) => `${group}/${name}`.includes(only))
    assert.ok(cases.length > 0, `no case has "${only}" in its name`)
    const failed: string[] = []
    let checks = 0
    for await (const outcome of runReplica(gateway.address, cases)) {
      checks += outcome.checks
      const what = [`${outcome.group}/${outcome.name}`, ...outcome.complaints]
      if (outcome.complaints.length > 0) failed.push(what.join('\n    '))
    }
    const passed = cases.length - failed.length
    const counts = `${passed} of ${cases.length} cases, ${checks} checks, ${failed.length} failed`
    console.log(`\n» ${title}: ${counts} (workers ${workers})`)
    assert.is(failed.length, 0, failed.join('\n'))
  })
}

test.run()
