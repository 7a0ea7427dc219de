import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SCENARIOS } from './discovery-scenarios.ts'
import { runInNamespace, whyNoNamespace } from './namespace.ts'

const SCRIPT = join(import.meta.dirname, 'discovery-scenarios.ts')

const reason = whyNoNamespace()
if (reason !== '') console.error(`NOT RUN: discovery of peers, ${reason}`)

for (const name of Object.keys(SCENARIOS)) {
  const register = reason === '' ? test : test.skip
  register(name, async () => {
    const { code, output } = await runInNamespace(SCRIPT, name)
    assert.is(code, 0, output)
  })
}

test.run()
