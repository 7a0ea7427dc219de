import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { setConfigKey, withKey } from '../../src/config/edit.ts'
import { parseJson } from '../../src/config/json.ts'
import { complaint, envName, parseAddress } from '../../src/config/kinds.ts'
import { loadConfig } from '../../src/config/load.ts'
import { defaultRepoPath, repoPath } from '../../src/config/paths.ts'
import { closest } from '../../src/config/suggest.ts'
import { type CairnError, isCairnError } from '../../src/errors.ts'

const repoWith = (text?: string): string => {
  const repo = mkdtempSync(join(tmpdir(), 'config-'))
  if (text !== undefined) writeFileSync(join(repo, 'config.json'), text)
  return repo
}
const failureOf = (work: () => unknown): CairnError => {
  try {
    work()
  } catch (error) {
    if (isCairnError(error)) return error
    throw error
  }
  throw new Error('it did not fail')
}
const load = (text: string) => loadConfig({ repo: repoWith(text), env: {} })

test('without anything the defaults hold, and say so', () => {
  const { config, origins } = loadConfig({ repo: repoWith(), env: {} })
  assert.is(config.mode, 'public')
  assert.is(config.gateway.listen, '127.0.0.1:8080')
  assert.equal(config.gateway.hosts, ['localhost'])
  assert.equal([...new Set(origins.values())], ['default'])
})

test('file < environment < flags, and each value knows where it came from', () => {
  const repo = repoWith('{\n  "mode": "lan",\n  "store": { "max": "1GiB", "grace": "5m" }\n}')
  const env = { CAIRN_STORE_MAX: '2GiB', CAIRN_SWARM_LISTEN: '/ip4/127.0.0.1/tcp/1, /ip4/127.0.0.1/tcp/2' }
  const { config, origins } = loadConfig({ repo, env, flags: [{ key: 'mode', value: 'offline', flag: '--mode' }] })
  assert.is(config.mode, 'offline')
  assert.is(config.store.max, '2GiB')
  assert.is(config.store.grace, '5m')
  assert.equal(config.swarm.listen, ['/ip4/127.0.0.1/tcp/1', '/ip4/127.0.0.1/tcp/2'])
  assert.is(origins.get('mode'), '--mode')
  assert.is(origins.get('store.max'), '$CAIRN_STORE_MAX')
  assert.is(origins.get('store.grace'), 'config.json:3')
})

test('comments, trailing commas and $schema are taken', () => {
  const { config } = load('// mine\n{ "$schema": "./config.schema.json", /* ours */ "mode": "lan", }\n')
  assert.is(config.mode, 'lan')
})

test('an unknown key is an error with its line and a suggestion', () => {
  const error = failureOf(() => load('{\n  "gateway": {\n    "listn": "127.0.0.1:1"\n  }\n}'))
  assert.is(error.code, 'BAD_CONFIG')
  assert.is(error.exit, 2)
  assert.is(error.message, 'config.json:3: there is no config key "gateway.listn"')
  assert.is(error.hint, 'did you mean gateway.listen?')
})

test('a value of the wrong kind is an error with its line', () => {
  for (const [text, wanted] of [
    ['{\n"store": { "max": "ten" } }', 'config.json:2: store.max: "ten" is not a size such as 512KiB, 10GiB or bytes'],
    ['{ "store": { "max": 10 } }', 'config.json:1: store.max: 10 is not a size such as 512KiB, 10GiB or bytes'],
    ['{ "mode": "publik" }', 'config.json:1: mode: "publik" is not one of public, lan, private, offline'],
    ['{ "gateway": "off" }', 'config.json:1: gateway must be an object {…}'],
    ['{ "swarm": { "listen": ["tcp"] } }', 'config.json:1: swarm.listen: ["tcp"] is not a list of multiaddrs'],
    ['{ "daemon": { "mdns": "yes" } }', 'config.json:1: daemon.mdns: "yes" is not true or false'],
    ['{ "gateway": { "listen": "8080" } }', 'config.json:1: gateway.listen: "8080" is not HOST:PORT'],
    ['[]', 'config.json:1: the whole must be an object {…}'],
  ] as const) {
    const error = failureOf(() => load(text))
    assert.is(error.code, 'BAD_CONFIG')
    assert.ok(error.message.startsWith(wanted), `${error.message} does not begin with ${wanted}`)
  }
})

test('what is no JSON is an error with line and column', () => {
  for (const [text, wanted] of [
    ['{ "mode": "lan"', 'config.json:1:16: "," or "}" is missing'],
    ['{\n  "mode" "lan" }', 'config.json:2:10: ":" is missing after "mode"'],
    ['{ mode: "lan" }', 'config.json:1:3: a name in double quotes is missing'],
    ['{ "mode": lan }', 'config.json:1:11: a value is missing'],
    ['{ "mode": "lan", "mode": "lan" }', 'config.json:1:18: "mode" is there twice'],
    ['{} {}', 'config.json:1:4: something follows the end of the document'],
    ['{ "mode": 1.2.3 }', 'config.json:1:11: 1.2.3 is not JSON'],
    ['', 'config.json:1:1: a value is missing'],
    ['['.repeat(100), 'config.json:1:34: is nested too deep'],
  ] as const) {
    assert.is(failureOf(() => load(text)).message, wanted)
  }
})

test('names that mean something to JavaScript are only unknown keys', () => {
  const error = failureOf(() => load('{ "__proto__": { "mode": "lan" } }'))
  assert.match(error.message, 'there is no config key "__proto__"')
  const { value } = parseJson('{ "__proto__": { "polluted": true } }', 'x')
  assert.is(Object.getPrototypeOf(value), null)
  assert.is(({} as { polluted?: boolean }).polluted, undefined)
})

test('the environment: wrong values, slips of the finger, and what belongs to others', () => {
  const env = (values: Record<string, string>) => () => loadConfig({ repo: repoWith(), env: values })
  assert.match(failureOf(env({ CAIRN_MODE: 'nowhere' })).message, '$CAIRN_MODE: mode: "nowhere" is not one of')
  assert.match(failureOf(env({ CAIRN_DAEMON_MDNS: 'maybe' })).message, '"maybe" is not true or false')
  assert.match(failureOf(env({ CAIRN_GATEWAY_MAX_CONNECTIONS: '-1' })).message, 'is not a whole number')
  assert.is(failureOf(env({ CAIRN_GATWAY_LISTEN: 'x' })).hint, 'did you mean $CAIRN_GATEWAY_LISTEN?')
  assert.is(env({ CAIRN_PEERS: '/opt', CAIRN_BENCH_DIR: '/tmp', CAIRN_REPO: '/x' })().config.mode, 'public')
})

test('flags: unknown keys and lists as JSON', () => {
  const flags = (key: string, value: string) => () =>
    loadConfig({ repo: repoWith(), env: {}, flags: [{ key, value, flag: '--config' }] })
  assert.is(failureOf(flags('stor.max', '1')).hint, 'did you mean store.max?')
  assert.equal(flags('swarm.peers', '["/ip4/1.2.3.4/tcp/1/p2p/x"]')().config.swarm.peers, ['/ip4/1.2.3.4/tcp/1/p2p/x'])
  assert.match(failureOf(flags('swarm.peers', '[1]')).message, 'is not a list of multiaddrs')
})

test('the API is for this machine only, and two listeners need two ports', () => {
  const flags = (key: string, value: string) => () =>
    loadConfig({ repo: repoWith(), env: {}, flags: [{ key, value, flag: `--${key}` }] })
  assert.match(
    failureOf(flags('api.listen', '0.0.0.0:5001')).message,
    '--api.listen: api.listen: 0.0.0.0:5001 is reachable',
  )
  assert.match(failureOf(flags('gateway.listen', '127.0.0.1:5001')).message, 'is also api.listen')
  for (const local of ['[::1]:5001', 'localhost:1', '127.1.2.3:9', 'unix:/run/cairn.sock', ''])
    assert.is(flags('api.listen', local)().config.api.listen, local)
})

test('a file that cannot be read is not taken for none', () => {
  const repo = repoWith('{}')
  const file = join(repo, 'config.json')
  chmodSync(file, 0)
  const isRoot = process.getuid?.() === 0
  if (!isRoot) assert.is(failureOf(() => loadConfig({ repo, env: {} })).code, 'BAD_CONFIG')
  chmodSync(file, 0o600)
  assert.is(failureOf(() => loadConfig({ repo: folderAsFile(), env: {} })).code, 'BAD_CONFIG')
})

/** A repository whose config.json is a folder. */
function folderAsFile(): string {
  const repo = repoWith()
  mkdirSync(join(repo, 'config.json'))
  return repo
}

test('`set` replaces one value in place and leaves the rest as it is', () => {
  const before = '// mine\n{\n  "mode": "lan", // at home\n  "store": { "max": "1GiB" }\n}\n'
  assert.is(withKey(before, 'mode', 'public'), before.replace('"lan"', '"public"'))
  assert.is(withKey(before, 'store.max', '2GiB'), before.replace('1GiB', '2GiB'))
  const added = withKey(before, 'store.grace', '5m')
  assert.is(load(added).config.store.grace, '5m')
  assert.is(load(added).config.store.max, '1GiB')
  assert.match(added, '// at home')
  const section = withKey(before, 'gateway.listen', '')
  assert.is(load(section).config.gateway.listen, '')
  assert.is(load(section).config.mode, 'lan')
})

test('`set` on no file, an empty object and an empty section', () => {
  for (const before of ['{}', '{ }', '{ "store": {} }', '{"store":{"max":"1GiB"}}']) {
    const after = withKey(before, 'store.grace', '5m')
    assert.is(load(after).config.store.grace, '5m', after)
  }
  const repo = repoWith()
  setConfigKey({ repo, key: 'mode', value: 'lan' })
  setConfigKey({ repo, key: 'swarm.peers', value: ['/a', '/b'] })
  assert.is(
    readFileSync(join(repo, 'config.json'), 'utf8'),
    '{\n  "swarm": {\n    "peers": ["/a","/b"]\n  },\n  "mode": "lan"\n}\n',
  )
  assert.is(statSync(join(repo, 'config.json')).mode & 0o777, 0o600)
  assert.equal(readdirSync(repo), ['config.json'])
})

test('`set` does not touch a broken file', () => {
  const repo = repoWith('{ "mode": ')
  assert.is(failureOf(() => setConfigKey({ repo, key: 'mode', value: 'lan' })).code, 'BAD_CONFIG')
  assert.is(readFileSync(join(repo, 'config.json'), 'utf8'), '{ "mode": ')
})

test('the repository: flag, $CAIRN_REPO, service, XDG, home', () => {
  assert.is(repoPath({ flag: '/a', env: { CAIRN_REPO: '/b' } }), '/a')
  assert.is(repoPath({ env: { CAIRN_REPO: '/b' } }), '/b')
  assert.is(defaultRepoPath({ STATE_DIRECTORY: '/var/lib/cairn:/x', HOME: '/h' }), '/var/lib/cairn')
  assert.is(defaultRepoPath({ XDG_DATA_HOME: '/d', HOME: '/h' }), '/d/cairn')
  assert.is(defaultRepoPath({ XDG_DATA_HOME: 'relative', HOME: '/h' }), '/h/.local/share/cairn')
})

test('addresses, environment names, suggestions', () => {
  assert.equal(parseAddress('[::1]:80'), { host: '::1', port: 80 })
  assert.is(parseAddress('::1:80'), undefined)
  assert.is(parseAddress('[localhost]:80'), undefined)
  assert.is(parseAddress('localhost:70000'), undefined)
  assert.is(envName('gateway.maxConnections'), 'CAIRN_GATEWAY_MAX_CONNECTIONS')
  assert.is(complaint({ kind: 'count' }, 1.5), '1.5 is not a whole number')
  assert.is(closest('recusive', ['recursive', 'raw-leaves']), 'recursive')
  assert.is(closest('zzzzzz', ['recursive']), undefined)
  assert.is(closest('foo', ['log', 'pins']), undefined)
  assert.is(closest('ad', ['add', 'get']), 'add')
})

test.run()
