import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runInNamespace, whyNoNamespace } from './namespace.ts'

const reason = whyNoNamespace()
if (reason !== '') console.error(`NOT RUN: routing by the DHT, ${reason}`)
const register = reason === '' ? test : test.skip

register('providers, peers and the closest peers of a DHT', async () => {
  const { code, output } = await runInNamespace(join(import.meta.dirname, 'routing-scenarios.ts'), 'all')
  assert.is(code, 0, output)
})

test.run()
