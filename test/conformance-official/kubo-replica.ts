// The replica against Kubo, which passes the official suite: what fails there is wrong in the replica. Run in a namespace.

import { findFixtures } from '../../cli/conformance/fixtures.ts'
import { NAMES } from '../conformance/names.ts'
import { type OwnData, writeOwnData } from '../conformance/own-data.ts'
import { casesFor, runReplica } from '../conformance/replica.ts'
import { Kubo } from '../interop/kubo-daemon.ts'
import { temporaryFolder } from '../support/cairn.ts'

async function fill(kubo: Kubo, folder: string): Promise<void> {
  const { cars, records } = findFixtures(folder)
  // One by one: Kubo refuses two of the same name in different folders.
  for (const car of cars) await kubo.run(['dag', 'import', '--pin-roots=false', car])
  for (const { name, path } of records) {
    try {
      await kubo.run(['routing', 'put', '--allow-offline', `/ipns/${name}`, path])
    } catch {
      // Three of the suite's are not valid, and are there so that they are refused.
    }
  }
}

async function kuboReplica(title: string, { folder, names }: OwnData): Promise<void> {
  const { dnslinks } = findFixtures(folder)
  await using kubo = await Kubo.start({ gateway: { hosts: ['example.com', 'localhost'], dnslinks } })
  await fill(kubo, folder)
  const address = kubo.gatewayAddress()
  const cases = casesFor({ ...NAMES, ...names, GW: `example.com:${address.split(':')[1]}` })
  let [passed, checks] = [0, 0]
  for await (const { group, name, ...outcome } of runReplica(address, cases)) {
    checks += outcome.checks
    if (outcome.complaints.length === 0) passed++
    else console.log(`FAIL ${group}/${name}\n    ${outcome.complaints.join('\n    ')}`)
  }
  console.log(`\n» ${title} against Kubo: ${passed} of ${cases.length} cases, ${checks} checks`)
  if (passed < cases.length) process.exitCode = 1
}

const { CAIRN_FIXTURES: fixtures = '' } = process.env
if (process.argv[2] === 'official') await kuboReplica('conformance replica', { folder: fixtures, names: {} })
else await kuboReplica('conformance replica on DAGs of our own', await writeOwnData(temporaryFolder('fixtures')))
