import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseDnslinkYaml, parseNamespaceMap, readHosts } from '../../cli/conformance/declared.ts'
import { findFixtures } from '../../cli/conformance/fixtures.ts'
import { encodeCarHeader } from '../../src/dag/car/car-header.ts'
import { BIN, cairn, temporaryFolder } from '../support/cairn.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)
const rawCid = async (text: string) => CID.createV1(0x55, await sha256.digest(utf8(text)))

/** A CAR of one raw block. */
async function carOf(text: string): Promise<Uint8Array> {
  const cid = await rawCid(text)
  return Buffer.concat([encodeCarHeader(cid), Buffer.from([cid.bytes.byteLength + text.length]), cid.bytes, utf8(text)])
}

async function fixtures(): Promise<{ folder: string; inCar: CID; loose: CID }> {
  const folder = temporaryFolder('fixtures')
  mkdirSync(join(folder, 'a/b'), { recursive: true })
  const [inCar, loose] = [await rawCid('in a car\n'), await rawCid('loose\n')]
  writeFileSync(join(folder, 'a/b/some.car'), await carOf('in a car\n'))
  writeFileSync(join(folder, 'a', `${loose}.block`), 'loose\n')
  return { folder, inCar, loose }
}

interface Ready {
  readonly ready: boolean
  readonly gateway: string
  readonly subdomain: string
  readonly blocks: number
}

async function serving(folder: string, env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [BIN, 'conformance', '--fixtures', folder, '--json'], {
    env: { ...process.env, PATH: '/nowhere', CAIRN_PEERS: '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ready = JSON.parse((await lines.next()).value ?? '{}') as Ready
  return {
    child,
    ready,
    exit: once(child, 'exit').then(([code]) => code as number | null),
    next: () => lines.next(),
    // A test that fails must not leave it behind.
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  }
}

test('blocks of CARs and loose ones, at any depth, are served by the hosts of the suite until it is stopped', async () => {
  const { folder, inCar, loose } = await fixtures()
  using served = await serving(folder)
  const { child, ready, exit } = served
  assert.is(ready.ready, true)
  assert.is(ready.blocks, 2)
  assert.is(new URL(ready.subdomain).host, `example.com:${new URL(ready.gateway).port}`)
  for (const [cid, text] of [
    [inCar, 'in a car\n'],
    [loose, 'loose\n'],
  ] as const)
    assert.is(await (await fetch(`${ready.gateway}/ipfs/${cid}?format=raw`)).text(), text)
  const missing = await fetch(`${ready.gateway}/ipfs/${await rawCid('nowhere\n')}`)
  assert.is(missing.status, 404)
  child.kill('SIGTERM')
  assert.is(await exit, 0)
  assert.equal(
    readdirSync(tmpdir()).filter(name => name.startsWith('cairn-conformance-')),
    [],
    'the repository was for this run only',
  )
})

test('a manifest names other hosts', async () => {
  const { folder } = await fixtures()
  writeFileSync(
    join(folder, 'manifest.json'),
    '{"hosts":{"plain.test":{"subdomains":false},"gw.test":{"subdomains":true}}}',
  )
  using served = await serving(folder)
  const { child, ready, exit } = served
  assert.match(ready.subdomain, /^http:\/\/gw\.test:\d+$/)
  child.kill('SIGINT')
  assert.is(await exit, 0)
})

const SUITE = `#!/bin/sh
echo "$1 $GATEWAY_URL $SUBDOMAIN_GATEWAY_URL" >&2
echo '=== RUN   TestOne'
echo '    --- PASS: TestOne/a_case (0.00s)'
echo '--- PASS: TestOne (0.00s)'
[ -z "$BREAK" ] || { echo '--- FAIL: TestTwo (0.00s)'; exit 1; }
`

test('the official suite, where it is, decides the exit code', async () => {
  const { folder } = await fixtures()
  const peers = temporaryFolder('peers')
  mkdirSync(join(peers, 'bin'))
  mkdirSync(join(peers, 'src/gateway-conformance/fixtures'), { recursive: true })
  writeFileSync(join(peers, 'bin/gwc.test'), SUITE, { mode: 0o755 })
  const env = { CAIRN_PEERS: join(peers, 'bin'), PATH: process.env.PATH ?? '' }
  using good = await serving(folder, env)
  const counts = JSON.parse((await good.next()).value ?? '{}') as Record<string, unknown>
  assert.equal([counts.total, counts.passed, counts.failed], [2, 2, 0])
  assert.is(await good.exit, 0)
  using bad = await serving(folder, { ...env, BREAK: '1' })
  const worse = JSON.parse((await bad.next()).value ?? '{}') as Record<string, unknown>
  assert.equal(worse.failures, ['TestTwo'])
  assert.is(await bad.exit, 3)
})

test('the suite as a program that compiles it: its lines are marked, and looked for on the PATH', async () => {
  const { folder } = await fixtures()
  const bin = temporaryFolder('bin')
  const lines = ['=== RUN TestOne', '--- PASS: TestOne/a_case (0.00s)', '--- SKIP: TestOne (0.00s)']
  const marked = lines.map(line => `printf '\\026%s\\n' '${line}'`)
  const script = ['#!/bin/sh', '[ "$1 $2" = "test --verbose" ] || exit 1', ...marked].join('\n')
  writeFileSync(join(bin, 'gateway-conformance'), script, { mode: 0o755 })
  using served = await serving(folder, { PATH: `${bin}:${process.env.PATH}` })
  const counts = JSON.parse((await served.next()).value ?? '{}') as Record<string, unknown>
  assert.equal([counts.total, counts.passed, counts.failed, counts.skipped], [2, 1, 0, 1])
  assert.is(await served.exit, 0)
})

test('a block that is not what its name says is refused, and nothing is served', async () => {
  const { folder, loose } = await fixtures()
  writeFileSync(join(folder, `${loose}.block`), 'other\n')
  const { code, stdout } = await cairn(['conformance', '--fixtures', folder], { repo: temporaryFolder('repo') })
  assert.is(code, 6)
  assert.is(stdout, '')
})

test('without a folder of fixtures there is nothing to serve', async () => {
  const repo = temporaryFolder('repo')
  assert.is((await cairn(['conformance'], { repo })).code, 2)
  assert.is((await cairn(['conformance', '--fixtures', '/nowhere'], { repo })).code, 4)
  assert.is((await cairn(['conformance', '--fixtures', temporaryFolder('empty')], { repo })).code, 2)
})

test('records are named by the text up to the first underscore; names come from all three kinds of file', () => {
  const folder = temporaryFolder('names')
  mkdirSync(join(folder, 'deep'))
  writeFileSync(join(folder, 'deep/k51abc_v1_4.ipns-record'), 'x')
  writeFileSync(join(folder, 'deep/12D3Koo.ipns-record'), 'x')
  writeFileSync(
    join(folder, 'deep/dnslink.yml'),
    'dnslinks:\n  one:\n    domain: a.example\n    path: /ipfs/bafy # it\n',
  )
  writeFileSync(join(folder, 'dnslinks.json'), '{"domains":{"b.example":"/ipns/k51"}}')
  writeFileSync(join(folder, 'manifest.json'), '{"IPFS_NS_MAP":"c.example:/ipfs/bafy/x:y,d.example:/ipns/c.example"}')
  const { records, dnslinks, hosts } = findFixtures(folder)
  assert.equal(records.map(({ name }) => name).sort(), ['12D3Koo', 'k51abc'])
  assert.equal(dnslinks, {
    'a.example': '/ipfs/bafy',
    'b.example': '/ipns/k51',
    'c.example': '/ipfs/bafy/x:y',
    'd.example': '/ipns/c.example',
  })
  assert.is(hosts, undefined)
})

test('what declares names is read as it is written', () => {
  const yaml =
    '# top\ndnslinks:\n  x:\n    path: "/ipfs/a#b"\n    # note\n    domain: \'En.Wiki.example\'\n  y:\n    domain: z\n'
  assert.equal(parseDnslinkYaml(yaml), { 'en.wiki.example': '/ipfs/a#b' })
  assert.equal(parseNamespaceMap(''), {})
  assert.equal(readHosts(['a', '*.b']), ['a', '*.b'])
  assert.equal(
    readHosts({
      a: { paths: ['/ipfs', '/ipns'], subdomains: true, inlineDNSLink: true },
      b: { paths: ['/ipfs'], subdomains: true },
      c: { paths: ['/ipfs', '/ipns'], subdomains: false, noDNSLink: true },
    }),
    ['a', 'b ipfs-only dots', 'c paths no-dnslink'],
  )
  assert.is(readHosts(undefined), undefined)
})

test.run()
