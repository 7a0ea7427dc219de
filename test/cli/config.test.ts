import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { shown } from '../../cli/commands/config-show.ts'
import { runCli } from '../support/memory-io.ts'

const newRepo = (): string => mkdtempSync(join(tmpdir(), 'repo-'))

test('set, get, show with origins', async () => {
  const repo = newRepo()
  const run = (...argv: string[]) => runCli(argv, { env: { CAIRN_REPO: repo, CAIRN_MODE: 'lan' } })
  assert.is((await run('config', 'set', 'store.max', '5GiB')).stdout, 'store.max = "5GiB"\n')
  assert.is((await run('config', 'set', 'swarm.listen', '["/ip4/127.0.0.1/tcp/4011"]')).code, 0)
  assert.is((await run('config', 'get', 'store.max')).stdout, '5GiB\n')
  assert.is((await run('config', 'get', 'swarm.listen')).stdout, '/ip4/127.0.0.1/tcp/4011\n')
  assert.is((await run('config', 'get', 'swarm.announce')).stdout, '\n')
  const { stdout } = await run('config', 'show', '--origin', '--config', 'log.level=debug')
  assert.match(stdout, /^config\.json:\d+ +store\.max +5GiB$/m)
  assert.match(stdout, /^\$CAIRN_MODE +mode +lan$/m)
  assert.match(stdout, /^--config +log\.level +debug$/m)
  assert.match(stdout, /^default +daemon\.drain +10s$/m)
  const json = JSON.parse((await run('config', 'show', '--json', '--origin')).stdout)
  assert.equal(json.config.mode, { value: 'lan', origin: '$CAIRN_MODE' })
})

test('secrets are told to be set, not shown', () => {
  assert.is(shown({ secret: true }, 'hunter2'), '[redacted]')
  assert.is(shown({ secret: true }, ''), '')
  assert.is(shown({}, 'plain'), 'plain')
})

test('a broken config stops every command that reads it, and `check` names all its mistakes', async () => {
  const repo = newRepo()
  const file = join(repo, 'config.json')
  writeFileSync(file, '{\n  "mode": "moon",\n  "gateway": {\n    "listn": "x"\n  },\n  "store": { "max": "lots" }\n}\n')
  const run = (...argv: string[]) => runCli(argv, { env: { CAIRN_REPO: repo } })
  const shownConfig = await run('config', 'show')
  assert.is(shownConfig.code, 2)
  assert.match(shownConfig.stderr, 'error: config.json:4: there is no config key "gateway.listn"')
  const checked = await run('config', 'check')
  assert.is(checked.code, 2)
  assert.match(checked.stdout, `${file}:2: mode:`)
  assert.match(checked.stdout, `${file}:4: there is no config key "gateway.listn"; did you mean gateway.listen?`)
  assert.match(checked.stdout, `${file}:6: store.max: "lots" is not a size`)
  assert.is((await run('config', 'set', 'mode', 'lan')).code, 2)
  assert.match(readFileSync(file, 'utf8'), '"moon"')
})

test('check: a right file, a missing one', async () => {
  const repo = newRepo()
  const file = join(repo, 'mine.json')
  writeFileSync(file, '{ "mode": "lan" } // fine\n')
  assert.is((await runCli(['config', 'check', file])).code, 0)
  assert.is((await runCli(['config', 'check', join(repo, 'none.json')])).code, 4)
})

test('wrong keys and values are refused before anything is written', async () => {
  const repo = newRepo()
  const run = (...argv: string[]) => runCli(argv, { env: { CAIRN_REPO: repo } })
  assert.match((await run('config', 'set', 'stor.max', '1')).stderr, 'did you mean store.max?')
  assert.match((await run('config', 'set', 'store.max', 'lots')).stderr, '"lots" is not a size')
  assert.match((await run('config', 'set', 'mode', 'moon')).stderr, '"moon" is not one of')
  assert.match((await run('config', 'get', 'nothing')).stderr, 'there is no config key "nothing"')
  assert.match((await run('config', 'show', '--config', 'mode')).stderr, '"mode" is not KEY=VALUE')
  assert.match((await run('config', 'show', '--config', 'mode=moon')).stderr, '--config: mode: "moon"')
  assert.throws(() => readFileSync(join(repo, 'config.json')), /ENOENT/)
})

test.run()
