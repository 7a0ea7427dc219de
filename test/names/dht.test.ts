import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runInNamespace, whyNoNamespace } from '../net/namespace.ts'
import { SCENARIOS } from './dht-scenarios.ts'

const SCRIPT = join(import.meta.dirname, 'dht-scenarios.ts')

const reason = whyNoNamespace()
if (reason !== '') console.error(`NOT RUN: records in the DHT, ${reason}`)

const names = Object.keys(SCENARIOS)
/** A process each, which takes longest to load. */
const wanted = process.env.TEST_FULL ? names : names.slice(0, 1)

for (const name of wanted) {
  const register = reason === '' ? test : test.skip
  register(`IPNS in the DHT: ${name}`, async () => {
    const { code, output } = await runInNamespace(SCRIPT, name)
    assert.is(code, 0, output)
  })
}

test.run()
