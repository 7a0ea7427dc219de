import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runInNamespace, whyNoNamespace } from '../net/namespace.ts'
import { findKubo } from './kubo-daemon.ts'
import { SCENARIOS } from './routing-scenarios.ts'

const SCRIPT = join(import.meta.dirname, 'routing-scenarios.ts')

const reason = findKubo() === undefined ? 'no `ipfs` on the PATH or in $CAIRN_PEERS' : whyNoNamespace()
if (reason !== '') console.error(`NOT RUN: delegated routing with Kubo, ${reason}`)

for (const name of Object.keys(SCENARIOS)) {
  const register = reason === '' ? test : test.skip
  register(name, async () => {
    const { code, output } = await runInNamespace(SCRIPT, name)
    assert.is(code, 0, output)
  })
}

test.run()
