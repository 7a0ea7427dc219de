import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findKubo } from '../interop/kubo-daemon.ts'
import { runInNamespace, whyNoNamespace } from '../net/namespace.ts'

const noKubo = findKubo() === undefined ? 'no `ipfs` on the PATH or in $CAIRN_PEERS' : whyNoNamespace()
const noData = existsSync(process.env.CAIRN_FIXTURES ?? '')
  ? ''
  : '$CAIRN_FIXTURES names no folder with the official data'

for (const [data, reason] of [
  ['official', noKubo || noData],
  ['own', noKubo],
] as const) {
  const lane = reason === '' ? test : test.skip
  if (reason !== '') console.log(`\n» conformance replica against Kubo, ${data} data: SKIPPED, ${reason}`)
  lane(`all cases of the replica hold for Kubo: ${data} data`, async () => {
    const { code, output } = await runInNamespace(join(import.meta.dirname, 'kubo-replica.ts'), data, 100_000)
    console.log(output)
    assert.is(code, 0, output)
  })
}

test.run()
