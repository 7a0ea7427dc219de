// Every form of request that is no plain path: names, DNSLink sites, hosts with words, proxies, tunnels (spec: gateway §1).

import { connect } from 'node:net'
import { base32 } from 'multiformats/bases/base32'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseHostEntry } from '../../src/config/hosts.ts'
import { isCairnError } from '../../src/errors.ts'
import { inSeconds, makePublisher, makeRecord, type Publisher } from '../names/signing.ts'
import { memoryNames, parseAnswer, type RawAnswer, startGateway, type TestGateway, withGateway } from './support.ts'

const HOSTS = [
  'localhost',
  'gw.test',
  'plain.test paths',
  'ipfsonly.test ipfs-only',
  'dots.test dots',
  'own.test paths',
  'blind.test paths no-dnslink',
  'strict.test paths trustless',
  'front.test front-page',
]

let gateway: TestGateway
let root: CID
let site: Publisher
let brief: Publisher
let recordBytes: Uint8Array

test.before(async () => {
  const made = await startGateway({ hosts: HOSTS })
  const [page, tree] = [
    await made.addTree({ 'index.html': '<h1>site</h1>', 'a.txt': 'a\n', docs: { 'x.txt': 'x\n' } }),
    await made.addTree({ sub: { deep: { 'y.txt': 'y\n' } }, é: { z: 'z' } }),
  ]
  await made.close()
  root = page
  const names = memoryNames([
    `my-site.dns.test:/ipfs/${page}`,
    `own.test:/ipfs/${page}`,
    `blind.test:/ipfs/${page}`,
    `sub.dns.test:/ipfs/${tree}/sub`,
    `list.dns.test:/ipfs/${tree}`,
    'loop.dns.test:/ipns/loop.dns.test',
    'gone.dns.test:/ipfs/bafkreig2h27z44zbxwgvw7l7xhfjmihjgl5m6ayel5d4xgfb3xfxyqtbsu',
  ])
  const wait = { signal: AbortSignal.timeout(20_000) }
  site = await makePublisher()
  recordBytes = await makeRecord(site, { value: `/ipfs/${page}` })
  await names.put(site.name.text, recordBytes, wait)
  brief = await makePublisher()
  await names.put(
    brief.name.text,
    await makeRecord(brief, { value: `/ipfs/${page}/docs`, validity: inSeconds(100) }),
    wait,
  )
  gateway = await startGateway({ memory: made.memory, hosts: HOSTS, node: { names } })
})

test.after(() => gateway.close())

const ask = (host: string, target: string, more = '') => gateway.raw(`GET ${target} HTTP/1.1\nHost: ${host}${more}`)
const location = ({ headers }: RawAnswer) => headers.get('location')
const maxAge = ({ headers }: RawAnswer) =>
  Number(/^public, max-age=(\d+)/.exec(headers.get('cache-control') ?? '')?.[1])

test('a key: content, headers and lifetime of what its record says', async () => {
  const answer = await ask('127.0.0.1', `/ipns/${site.name.text}/docs/x.txt`)
  assert.is(answer.body.toString(), 'x\n')
  assert.is(answer.headers.get('x-ipfs-path'), `/ipns/${site.name.text}/docs/x.txt`)
  assert.is(answer.headers.get('x-ipfs-roots')?.split(',').length, 3)
  assert.is(answer.headers.get('x-ipfs-roots')?.split(',')[0], String(root))
  assert.ok(maxAge(answer) <= 300 && maxAge(answer) > 250)
  assert.not.match(answer.headers.get('cache-control') ?? '', 'immutable')
  const below = await ask('127.0.0.1', `/ipns/${brief.name.text}/x.txt`)
  assert.is(below.body.toString(), 'x\n', 'the path of the record and the path asked for')
  assert.ok(maxAge(below) <= 100, 'never longer than the record is valid')
  for (const format of ['raw', 'car', 'tar']) {
    const other = await ask('127.0.0.1', `/ipns/${site.name.text}/docs?format=${format}`)
    assert.is(other.status, 200, format)
    assert.ok(maxAge(other) <= 300, format)
  }
})

test('one key has one spelling: any other is sent there, before anything is looked up', async () => {
  const { multihash, text } = site.name
  const spellings = [
    base58btc.baseEncode(multihash.bytes),
    CID.createV1(0x72, multihash).toString(base32),
    CID.createV1(0x70, multihash).toString(base32),
    text.toUpperCase(),
  ]
  for (const spelling of spellings) {
    const answer = await ask('127.0.0.1', `/ipns/${spelling}/a%20b/?x=%2f`)
    assert.is(answer.status, 302, spelling)
    assert.is(location(answer), `/ipns/${text}/a%20b/?x=%2f`)
    assert.is(location(await ask('gw.test:1', `/ipns/${spelling}/a`)), `http://${text}.ipns.gw.test:1/a`)
  }
  const other = CID.createV1(0x70, multihash).toString(base32)
  assert.is(location(await ask(`${other}.ipns.gw.test`, '/a?q')), `http://${text}.ipns.gw.test/a?q`)
  assert.is((await ask(`${text}.ipns.gw.test`, '/a.txt')).body.toString(), 'a\n')
})

test('a record: its own bytes, and 400 for what has none', async () => {
  const answer = await ask('127.0.0.1', `/ipns/${site.name.text}?format=ipns-record`)
  assert.equal(answer.body, Buffer.from(recordBytes))
  assert.is(answer.headers.get('content-type'), 'application/vnd.ipfs.ipns-record')
  assert.match(answer.headers.get('content-disposition') ?? '', `attachment; filename="${site.name.text}.ipns-record"`)
  assert.is(answer.headers.get('x-content-type-options'), 'nosniff')
  assert.match(answer.headers.get('etag') ?? '', /^"[^"]+"$/)
  assert.ok(maxAge(answer) <= 300)
  const again = `\nIf-None-Match: ${answer.headers.get('etag')}`
  assert.is((await ask('127.0.0.1', `/ipns/${site.name.text}?format=ipns-record`, again)).status, 304)
  const byAccept = await ask('127.0.0.1', `/ipns/${site.name.text}`, '\nAccept: application/vnd.ipfs.ipns-record')
  assert.is(byAccept.headers.get('content-location'), `/ipns/${site.name.text}?format=ipns-record`)
  for (const target of [`/ipfs/${root}`, `/ipns/my-site.dns.test`, `/ipns/${site.name.text}/docs`]) {
    assert.is((await ask('127.0.0.1', `${target}?format=ipns-record`)).status, 400, target)
  }
})

test('names that lead nowhere: 5xx, loops 400, never cached for long', async () => {
  const nobody = (await makePublisher()).name.text
  for (const name of [nobody, 'no.such.test']) {
    const answer = await ask('127.0.0.1', `/ipns/${name}/`)
    assert.ok(answer.status >= 500, name)
    assert.match(answer.body.toString(), `failed to resolve /ipns/${name}/`)
    assert.is(answer.headers.get('cache-control'), 'no-store')
  }
  assert.is((await ask('127.0.0.1', '/ipns/loop.dns.test')).status, 400)
  assert.is((await ask('loop.dns.test', '/')).status, 400)
  assert.is((await ask('127.0.0.1', '/ipns/gone.dns.test/')).status, 404)
  assert.is((await ask('127.0.0.1', `/ipns/${nobody}/`, '\nCache-Control: only-if-cached')).status, 412)
  assert.is((await ask('127.0.0.1', `/ipns/${site.name.text}/a.txt`, '\nCache-Control: only-if-cached')).status, 200)
})

test('DNSLink: by path, on its own host, below a gateway with dots or in one label', async () => {
  const hosts = [
    'my-site.dns.test',
    'MY-Site.dns.TEST.:8080',
    'my--site-dns-test.ipns.gw.test',
    'my-site.dns.test.ipns.gw.test',
  ]
  for (const host of hosts) {
    const answer = await ask(host, '/docs/x.txt')
    assert.is(answer.body.toString(), 'x\n', host)
    assert.is(answer.headers.get('x-ipfs-path'), '/ipns/my-site.dns.test/docs/x.txt', host)
    assert.is(location(await ask(host, '/docs?a=%2F')), '/docs/?a=%2F', host)
    assert.is((await ask(host, `/ipfs/${root}/a.txt`)).status, 404, `no namespaces on ${host}`)
  }
  assert.is((await ask('127.0.0.1', '/ipns/My-Site.dns.test/a.txt')).body.toString(), 'a\n')
  assert.is((await ask('sub.dns.test', '/deep/y.txt')).body.toString(), 'y\n')
  const label = await ask('gw.test', '/ipns/my-site.dns.test/docs/?q=%2f')
  assert.is(location(label), 'http://my--site-dns-test.ipns.gw.test/docs/?q=%2f')
  assert.is(location(await ask('dots.test', '/ipns/my-site.dns.test/')), 'http://my-site.dns.test.ipns.dots.test/')
  const secure = await ask('dots.test', '/ipns/my-site.dns.test/', '\nX-Forwarded-Proto: https')
  assert.is(location(secure), 'https://my--site-dns-test.ipns.dots.test/')
  const long = await ask('gw.test', `/ipns/${'a'.repeat(40)}.${'b'.repeat(40)}.test/`)
  assert.is(long.status, 400)
  assert.match(long.body.toString(), 'DNS label length limit of 63')
})

test('DNSLink: a listing links within its site, and to CIDs elsewhere', async () => {
  const page = (await ask('list.dns.test:81', '/%C3%A9/')).body.toString()
  assert.match(page, '/ipns/<a href="//list.dns.test:81/">list.dns.test</a>/<a href="//list.dns.test:81/%C3%A9">é</a>')
  assert.match(page, '<a href="/%C3%A9/..">..</a>')
  assert.match(page, '<a href="/%C3%A9/z">z</a>')
  assert.match(
    page,
    /<a class="ipfs-hash" translate="no" href="https:\/\/cid\.ipfs\.tech\/#baf\w+" target="_blank" rel="noreferrer noopener">/,
  )
  assert.not.match((await ask('list.dns.test', '/')).body.toString(), '<a href="/">..</a>')
})

test('hosts: the words after a name', async () => {
  const path = `/ipfs/${root}/a.txt`
  assert.is((await ask('plain.test', path)).body.toString(), 'a\n')
  assert.is((await ask(`${root}.ipfs.plain.test`, '/a.txt')).status, 404)
  assert.is((await ask('ipfsonly.test', path)).status, 301)
  assert.is((await ask('ipfsonly.test', `/ipns/${site.name.text}/`)).status, 404)
  assert.is((await ask(`${site.name.text}.ipns.ipfsonly.test`, '/')).status, 404)
  assert.is((await ask('own.test', '/docs/x.txt')).body.toString(), 'x\n', 'a gateway with a site of its own')
  assert.is((await ask('own.test', path)).body.toString(), 'a\n')
  assert.is((await ask('blind.test', '/')).status, 404, 'its DNSLink is not looked at')
  assert.is((await ask('front.test', '/')).status, 200)
  assert.is((await ask('gw.test', '/')).status, 404)
  for (const text of ['', 'a b c', 'gw.test inline', '-x.test', 'a_/b']) {
    try {
      parseHostEntry(text)
      assert.unreachable(text)
    } catch (error) {
      assert.ok(isCairnError(error, 'BAD_CONFIG'), text)
    }
  }
})

test('trustless hosts: blocks by CID, CARs, records; anything else is not acceptable', async () => {
  const host = 'strict.test'
  assert.is((await ask(host, `/ipfs/${root}?format=raw`)).status, 200)
  assert.is((await ask(host, `/ipfs/${root}/docs?format=car`)).status, 200)
  assert.is((await ask(host, `/ipns/${site.name.text}?format=ipns-record`)).status, 200)
  assert.is((await ask(host, `/ipfs/${root}/docs?format=raw`)).status, 406)
  assert.is((await ask(host, `/ipfs/${root}/?format=tar`)).status, 406)
  assert.is((await ask(host, `/ipfs/${root}/a.txt`, '\nAccept: text/html')).status, 406)
  assert.is((await ask(host, `/ipfs/${root}/a.txt`)).status, 400, 'it did not say what it takes')
  for (const method of ['GET', 'HEAD']) {
    const raw = await gateway.raw(`${method} /ipfs/bafkqaaa?format=raw HTTP/1.1\nHost: ${host}`)
    assert.equal([raw.status, raw.body.byteLength], [200, 0], 'the probe')
    const car = await gateway.raw(`${method} /ipfs/bafkqaaa HTTP/1.1\nHost: ${host}\nAccept: application/vnd.ipld.car`)
    assert.is(car.status, 200)
    if (method === 'GET') assert.ok(car.body.includes(Buffer.from([0, 1, 0x55, 0, 0])), 'the root is bafkqaaa')
  }
})

test('a proxy is asked with whole URLs; a tunnel ends here, whatever it was dug for', async () => {
  const whole = await ask('gw.test', `http://${root}.ipfs.gw.test/a.txt`)
  assert.is(whole.body.toString(), 'a\n')
  assert.is((await ask('gw.test', `http://${root}.ipfs.gw.test`)).body.toString(), '<h1>site</h1>', 'no path is /')
  for (const target of ['gw.test:8080', '192.0.2.1:25', '[2001:db8::1]:443']) {
    const [established, answer] = await throughTunnel(gateway.server.port, target, `http://${root}.ipfs.gw.test/a.txt`)
    assert.is(established, 'HTTP/1.1 200 Connection established\r\n\r\n')
    assert.is(answer?.body.toString(), 'a\n', target)
  }
  const [early, answer] = await throughTunnel(gateway.server.port, 'gw.test:1', `/ipfs/${root}/a.txt`, {
    isEarly: true,
  })
  assert.match(early, '200 Connection established')
  assert.is(answer?.status, 301)
  const [wrong] = await throughTunnel(gateway.server.port, '/ipfs/x', '/')
  assert.match(wrong, '400 Bad Request')
  await withGateway({ proxy: false }, async ({ server }) => {
    const [refused] = await throughTunnel(server.port, 'gw.test:8080', '/')
    assert.match(refused, /^HTTP\/1\.1 405 [\s\S]*Allow: GET, HEAD, OPTIONS/)
  })
})

/** What answered CONNECT, and what answered inside. */
async function throughTunnel(
  port: number,
  target: string,
  inside: string,
  { isEarly = false } = {},
): Promise<[string, RawAnswer | undefined]> {
  const request = `GET ${inside} HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n\r\n`
  const socket = connect(port, '127.0.0.1')
  const closed = new Promise<void>(resolve => socket.on('close', () => resolve()))
  socket.on('error', () => {})
  const chunks: Buffer[] = []
  socket.on('data', chunk => {
    if (chunks.push(chunk) === 1 && !isEarly && chunk.includes(' 200 ')) socket.write(request)
  })
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n${isEarly ? request : ''}`)
  await closed
  const all = Buffer.concat(chunks)
  const end = all.indexOf('\r\n\r\n') + 4
  const answer = all.byteLength > end ? parseAnswer(all.subarray(end)) : undefined
  return [all.subarray(0, end).toString(), answer]
}

test('X-Forwarded-Host: believed from everyone, or only from the proxies that are listed', async () => {
  const from = { hosts: ['gw.test'], memory: gateway.memory }
  const head = `GET /ipfs/${root}/a.txt HTTP/1.1\nHost: 127.0.0.1\nX-Forwarded-Host: gw.test\nX-Forwarded-Proto: https`
  for (const proxies of [[], ['127.0.0.0/8'], ['::1', '127.0.0.1']]) {
    await withGateway({ ...from, proxies }, async ({ raw }) => {
      assert.is(location(await raw(head)), `https://${root}.ipfs.gw.test/a.txt`, String(proxies))
    })
  }
  await withGateway({ ...from, proxies: ['192.0.2.0/24'] }, async ({ raw }) => {
    assert.is((await raw(head)).body.toString(), 'a\n')
  })
})

test('what libp2p clients look for', async () => {
  const answer = await ask('127.0.0.1', '/.well-known/libp2p/protocols')
  assert.equal(JSON.parse(answer.body.toString()), { protocols: { '/ipfs/gateway': { path: '/' } } })
})

test.run()
