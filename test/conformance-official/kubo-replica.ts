// The replica against Kubo, which passes the official suite: what fails there is wrong in the replica. Run in a namespace.

import { findFixtures } from '../../cli/conformance/fixtures.ts'
import { NAMES, type Names } from '../conformance/names.ts'
import { casesFor, runReplica } from '../conformance/replica.ts'
import { Kubo } from '../interop/kubo-daemon.ts'

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

export async function kuboReplica(folder: string, own: Partial<Names> = {}): Promise<void> {
  const { dnslinks } = findFixtures(folder)
  await using kubo = await Kubo.start({ gateway: { hosts: ['example.com', 'localhost'], dnslinks } })
  await fill(kubo, folder)
  const address = kubo.gatewayAddress()
  const cases = casesFor({ ...NAMES, ...own, GW: `example.com:${address.split(':')[1]}` })
  let [passed, checks] = [0, 0]
  for await (const { group, name, ...outcome } of runReplica(address, cases)) {
    checks += outcome.checks
    if (outcome.complaints.length === 0) passed++
    else console.log(`FAIL ${group}/${name}\n    ${outcome.complaints.join('\n    ')}`)
  }
  console.log(`\n» conformance replica against Kubo: ${passed} of ${cases.length} cases, ${checks} checks`)
  process.exitCode = passed === cases.length ? 0 : 1
}

await kuboReplica(process.env.CAIRN_FIXTURES ?? '')
