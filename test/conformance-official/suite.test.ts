import { existsSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findSuite, runSuite } from '../../cli/conformance/suite.ts'
import type { Case } from '../conformance/case.ts'
import { NAMES } from '../conformance/names.ts'
import { casesFor } from '../conformance/replica.ts'
import { startConformance, WORKER_LANES } from '../conformance/serving.ts'

/** Functions, cases and what they check, in v0.13.2 (spec: gateway §3.1). */
const NODES = 1258

const { CAIRN_FIXTURES: fixtures = '' } = process.env
const suite = findSuite(process.env)
const reasons = [
  suite === undefined && 'no `gwc.test` with its fixtures and no `gateway-conformance` on the PATH or in $CAIRN_PEERS',
  !existsSync(fixtures) && '$CAIRN_FIXTURES names no folder with the official data',
].filter(reason => reason !== false)
const lane = reasons.length === 0 ? test : test.skip
if (reasons.length > 0) console.log(`\n» official suite: SKIPPED, ${reasons.join('; ')}`)

for (const workers of WORKER_LANES) {
  lane(`the official suite, all of it, with ${workers} workers`, async () => {
    if (suite === undefined) throw new Error('no suite')
    await using gateway = await startConformance(fixtures, workers)
    const lines: string[] = []
    const { passed, failed, skipped, failures } = await runSuite(suite, {
      gateway: `http://${gateway.address}`,
      subdomain: `http://${gateway.subdomainHost}`,
      env: process.env,
      signal: new AbortController().signal,
      onLine: line => lines.push(line),
    })
    const total = passed + failed + skipped
    console.log(`\n» official suite: ${total} nodes, ${failed} failed, ${skipped} skipped (workers ${workers})`)
    assert.equal(failures, [], lines.join('\n').slice(-20_000))
    assert.equal({ total, skipped }, { total: NODES, skipped: 0 })
    const named = lines.flatMap(line => /^=== RUN +(\S+)/.exec(line)?.[1] ?? [])
    assert.equal(
      officialNames().filter(name => !named.includes(name)),
      [],
      'the replica has the names of the suite',
    )
  })
}

/** As Go prints the names of the replica's cases. */
function officialNames(): string[] {
  const seen = new Map<string, number>()
  return casesFor(NAMES).map(({ group, name }: Case) => {
    const [, sub, rest = name] = /^(SubdomainIPFS|SubdomainIPNS|DNSLinkGateway): (.*)$/.exec(name) ?? []
    const full = [group, ...(sub === undefined ? [] : [sub]), escapeName(rest)].join('/')
    const times = seen.get(full) ?? 0
    seen.set(full, times + 1)
    return times === 0 ? full : `${full}#${String(times).padStart(2, '0')}`
  })
}

/** Each word as a path segment in a URL, as Go escapes it; then `_` for spaces. */
const escapeName = (name: string): string =>
  name
    .split(' ')
    .map(word =>
      encodeURIComponent(word)
        .replace(/[!'()*]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
        .replace(/%(?:24|26|2B|3D|3A|40)/g, code => decodeURIComponent(code)),
    )
    .join('_')

test.run()
