import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cairn, cairnOk, temporaryFolder } from '../support/cairn.ts'
import { explains, refused } from './support.ts'

const work = temporaryFolder('config')
let count = 0

/** A folder with that config.json. */
function withConfig(text: string): string {
  const repo = join(work, `repo-${count++}`)
  mkdirSync(repo)
  writeFileSync(join(repo, 'config.json'), text)
  return repo
}

/** Commands of every kind: those that only read, those that make a repository, and the daemon. */
const COMMANDS = [
  ['cat', 'x'],
  ['add', import.meta.filename],
  ['init'],
  ['daemon'],
  ['repo', 'stat'],
  ['config', 'show'],
]

test('a config file that is no JSON: file, line and column', async () => {
  for (const [text, place, why] of [
    ['{ "mode": lan }', '1:11', 'a value is missing'],
    ['{\n  "mode": "lan"\n  "log": {}\n}', '3:3', '"," or "}" is missing'],
    ['{ mode: "lan" }', '1:3', 'a name in double quotes is missing'],
    ['{ "mode": "lan", "mode": "public" }', '1:18', '"mode" is there twice'],
    ['', '1:1', 'a value is missing'],
    ['{ "mode": "lan" } {}', '1:19', 'something follows'],
    [`${'['.repeat(100)}`, '1:', 'nested too deep'],
    ['\u0000\u0001\u0002', '1:1', 'missing'],
  ] as const) {
    const repo = withConfig(text)
    const says = [`config.json:${place}`, why]
    await refused(['repo', 'stat'], { repo, code: 2, says, hint: 'cairn config check' })
    const checked = await cairn(['config', 'check'], { repo })
    assert.is(checked.code, 2, checked.stdout)
    explains(checked.stderr, { says, hint: /./ })
    assert.is(readFileSync(join(repo, 'config.json'), 'utf8'), text)
  }
})

test('a key that there is not: the line, and what may have been meant', async () => {
  for (const [text, line, key, meant] of [
    ['{ "gateway": { "listn": "127.0.0.1:1" } }', 1, 'gateway.listn', 'gateway.listen'],
    ['{\n  "store": {},\n  "moed": "lan"\n}', 3, 'moed', 'mode'],
    ['{\n"swarm": {\n"maxConections": 7 } }', 3, 'swarm.maxConections', 'swarm.maxConnections'],
  ] as const) {
    const repo = withConfig(text)
    const says = [`config.json:${line}: there is no config key "${key}"`]
    for (const command of COMMANDS) await refused(command, { repo, code: 2, says, hint: `did you mean ${meant}?` })
    const { code, stdout } = await cairn(['config', 'check'], { repo })
    assert.is(code, 2)
    assert.match(stdout, `:${line}: there is no config key "${key}"; did you mean ${meant}?`)
  }
  const env = { CAIRN_STORE_MAXX: '1GiB' }
  await refused(['repo', 'stat'], {
    repo: join(work, 'x'),
    env,
    code: 2,
    says: ['$CAIRN_STORE_MAXX'],
    hint: '$CAIRN_STORE_MAX',
  })
})

test('a value of the wrong kind: the line, the value, how it is written', async () => {
  for (const [text, says] of [
    ['{ "mode": "moon" }', ['mode: "moon" is not one of public, lan, private, offline']],
    ['{ "store": { "max": "lots" } }', ['store.max: "lots" is not a size such as 512KiB']],
    ['{ "store": { "max": 7 } }', ['store.max: 7 is not a size']],
    ['{ "gateway": "127.0.0.1:8080" }', ['gateway must be an object']],
    ['{ "gateway": { "listen": "8080" } }', ['"8080" is not HOST:PORT']],
    ['{ "gateway": { "maxConnections": -1 } }', ['-1 is not a whole number']],
    ['{ "swarm": { "listen": "/ip4/0.0.0.0/tcp/1" } }', ['is not a list of multiaddrs']],
    ['{ "daemon": { "mdns": "yes" } }', ['"yes" is not true or false']],
    ['{ "api": { "listen": "0.0.0.0:5001" } }', ['0.0.0.0:5001 is reachable from other machines']],
    ['[]', ['the whole must be an object']],
  ] as const) {
    const repo = withConfig(text)
    await refused(['repo', 'stat'], { repo, code: 2, says: ['config.json:1: ', ...says], hint: /./ })
    const checked = await cairn(['config', 'check'], { repo })
    assert.is(checked.code, 2, text)
  }
})

test('config set writes nothing that would stop every command', async () => {
  const repo = withConfig('{ "log": { "level": "warn" } }')
  const before = readFileSync(join(repo, 'config.json'), 'utf8')
  for (const [key, value, says] of [
    ['api.listen', '0.0.0.0:5001', 'reachable from other machines'],
    ['gateway.listen', '127.0.0.1:5001', 'is also api.listen'],
    ['gateway.listen', '8080', 'is not HOST:PORT'],
    ['store.max', 'lots', 'is not a size'],
    ['stor.max', '1GiB', 'there is no config key'],
  ] as const)
    await refused(['config', 'set', key, value], { repo, code: 2, says: [says], hint: /./ })
  assert.is(readFileSync(join(repo, 'config.json'), 'utf8'), before)
  await cairnOk(['config', 'set', 'store.max', '1GiB'], { repo })
  assert.is(await cairnOk(['config', 'check'], { repo }), `${join(repo, 'config.json')} is right`)
})

test.run()
