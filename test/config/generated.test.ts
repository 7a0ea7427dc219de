import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { staleFiles } from '../../scripts/docs.ts'
import { CONFIG_KEYS } from '../../src/config/generated.ts'
import { complaint } from '../../src/config/kinds.ts'
import { loadConfig } from '../../src/config/load.ts'
import { configSchema } from '../../src/config/schema.ts'

const ROOT = join(import.meta.dirname, '../..')

test('no generated file is stale (npm run docs)', async () => {
  assert.equal(await staleFiles(), [])
})

test('what is loaded without zod is what zod gives', () => {
  const { config } = loadConfig({ repo: '/nowhere', env: {} })
  assert.equal(config, configSchema.parse({}))
})

test('every default is of its kind', () => {
  for (const key of CONFIG_KEYS) assert.is(complaint(key, key.default), undefined, key.key)
})

test('the example says what the defaults say, and is right', () => {
  const { $schema, ...example } = JSON.parse(readFileSync(join(ROOT, 'config.example.json'), 'utf8'))
  assert.is($schema, './config.schema.json')
  assert.equal(configSchema.parse(example), configSchema.parse({}))
})

test.run()
