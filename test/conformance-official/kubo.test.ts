import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findKubo } from '../interop/kubo-daemon.ts'
import { runInNamespace, whyNoNamespace } from '../net/namespace.ts'

const reasons = [
  findKubo() === undefined && 'no `ipfs` on the PATH or in $CAIRN_PEERS',
  existsSync(process.env.CAIRN_FIXTURES ?? '') === false && '$CAIRN_FIXTURES names no folder with the official data',
  whyNoNamespace(),
].filter(reason => typeof reason === 'string' && reason !== '')
const lane = reasons.length === 0 ? test : test.skip
if (reasons.length > 0) console.log(`\n» conformance replica against Kubo: SKIPPED, ${reasons.join('; ')}`)

lane('all cases of the replica hold for Kubo', async () => {
  const { code, output } = await runInNamespace(join(import.meta.dirname, 'kubo-replica.ts'), '')
  console.log(output)
  assert.is(code, 0, output)
})

test.run()
