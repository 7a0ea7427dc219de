import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeTxtAnswer, encodeTxtQuery } from '../../src/names/dns-message.ts'
import { getSafely, isPrivateAddress } from '../../src/names/outbound.ts'
import { randomBytes } from '../support/files.ts'
import { answer, type DnsServerOptions, startDns } from './dns-server.ts'
import { makePublisher, makeRecord } from './signing.ts'
import { failureOf, openNames, soon } from './support.ts'

const CID = 'bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am'
const findRecords = async () => []
const LINK = [[`dnslink=/ipfs/${CID}`]] as const

const PRIVATE = [
  ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.9.9.9', '169.254.169.254', '172.16.0.1', '172.31.255.255'],
  ...['192.168.1.1', '192.0.2.1', '198.18.0.1', '224.0.0.1', '255.255.255.255', '::', '::1', 'fe80::1', 'fc00::1'],
  ...[
    'fd00:ec2::254',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:db8::1',
  ],
]
const PUBLIC = ['1.1.1.1', '8.8.8.8', '172.32.0.1', '192.167.1.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1']

test('which addresses are private', () => {
  for (const address of PRIVATE) assert.is(isPrivateAddress(address), true, address)
  for (const address of PUBLIC) assert.is(isPrivateAddress(address), false, address)
})

test('an address that is not public is never asked, however it is written', async () => {
  let hits = 0
  const canary = createServer((_request, response) => {
    hits++
    response.end()
  }).listen(0, '::')
  await once(canary, 'listening')
  const { port } = canary.address() as AddressInfo
  const hosts = ['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '0', '[::1]', '[::ffff:127.0.0.1]']
  const options = { accept: '*/*', maxBytes: 10, allowPrivate: false }
  for (const host of [...hosts, 'localhost', 'LOCALHOST.']) {
    const url = new URL(`http://${host}:${port}/`)
    const { code } = await failureOf(getSafely(url, { ...options, ...soon() }))
    assert.ok(code === 'FORBIDDEN' || code === 'UNREACHABLE', `${host}: ${code}`)
  }
  for (const url of ['file:///etc/passwd', 'ftp://8.8.8.8/', 'data:text/plain,x'])
    assert.is((await failureOf(getSafely(new URL(url), { ...options, ...soon() }))).code, 'FORBIDDEN')
  assert.is(hits, 0)
  assert.is(
    (await getSafely(new URL(`http://127.0.0.1:${port}/`), { ...options, allowPrivate: true, ...soon() })).status,
    200,
  )
  assert.is(hits, 1)
  canary.close()
  console.log(`» outbound: ${hosts.length + 2} spellings of loopback, 0 requests came through`)
})

test('top-level domains with a resolver of their own are asked there, all others of DNS', async () => {
  await using system = await startDns()
  await using eth = await startDns()
  await using all = await startDns()
  const resolvers = [`.eth=${eth.url}`, `.sub.eth=${all.url}`]
  await using node = await openNames({
    dnslink: { servers: [system.address], resolvers, allowPrivate: true },
    findRecords,
  })
  for (const [domain, server] of [
    ['vitalik.eth', eth],
    ['a.b.eth', eth],
    ['x.sub.eth', all],
    ['eth.test', system],
  ] as const) {
    server.zone.set(`_dnslink.${domain}`, LINK)
    assert.is(String((await node.names.resolve(domain, soon())).path.root), CID)
    assert.is(server.asked.at(-1), `_dnslink.${domain}`)
  }
  assert.equal([system.asked.length, eth.asked.length, all.asked.length], [1, 2, 1])
})

test('over HTTPS the answer tells how long it holds', async () => {
  await using dns = await startDns({ ttlSecs: 77 })
  await using node = await openNames({ dnslink: { resolvers: [`.=${dns.url}`], allowPrivate: true }, findRecords })
  dns.zone.set('_dnslink.a.test', LINK)
  const { ttlSecs = 0 } = await node.names.resolve('a.test', soon())
  assert.ok(ttlSecs > 60 && ttlSecs <= 77, `${ttlSecs}`)
  assert.is((await failureOf(node.names.resolve('none.test', soon()))).code, 'NAME_NOT_FOUND')
})

test('a private resolver is not asked unless that is allowed', async () => {
  await using dns = await startDns()
  await using node = await openNames({ dnslink: { resolvers: [`.=${dns.url}`] }, findRecords })
  assert.is((await failureOf(node.names.resolve('a.test', soon()))).code, 'FORBIDDEN')
  assert.equal(dns.asked, [])
})

const BAD_ANSWERS: readonly (readonly [why: string, http: NonNullable<DnsServerOptions['http']>, code: string])[] = [
  ['an error', { status: 503 }, 'UNREACHABLE'],
  ['a redirect to somewhere private', { status: 302, location: 'http://127.0.0.1:1/' }, 'UNREACHABLE'],
  ['a page', { type: 'text/html' }, 'UNREACHABLE'],
  ['nothing', { body: new Uint8Array() }, 'UNREACHABLE'],
  ['noise', { body: randomBytes(7)(300) }, 'UNREACHABLE'],
  ['more than it may', { body: new Uint8Array(100_000) }, 'LIMIT'],
]

test('a resolver that answers wrong is no answer', async () => {
  for (const [why, http, code] of BAD_ANSWERS) {
    await using dns = await startDns({ http })
    await using node = await openNames({ dnslink: { resolvers: [`.=${dns.url}`], allowPrivate: true }, findRecords })
    dns.zone.set('_dnslink.a.test', LINK)
    assert.is((await failureOf(node.names.resolve('a.test', soon()))).code, code, why)
  }
})

test('DNS messages cut anywhere, or with any byte changed, are read or refused, never more', () => {
  const query = Buffer.from(encodeTxtQuery('_dnslink.a.test'))
  const whole = answer(query, [[...LINK[0]], ['x'.repeat(255), 'y']], 60)
  assert.equal(decodeTxtAnswer(whole, 'a.test'), { texts: [LINK[0][0], `${'x'.repeat(255)}y`], ttlSecs: 60 })
  let refused = 0
  const read = (message: Buffer) => {
    try {
      const { texts, ttlSecs = 0 } = decodeTxtAnswer(message, 'a.test')
      assert.ok(texts.length <= 100 && ttlSecs >= 0)
    } catch (error) {
      assert.is((error as { code?: string }).code, 'UNREACHABLE')
      refused++
    }
  }
  for (let length = 0; length < whole.byteLength; length++) read(whole.subarray(0, length))
  assert.is(refused, whole.byteLength)
  const random = randomBytes(11)
  for (let round = 0; round < 3000; round++) {
    const message = Buffer.from(whole)
    const [at = 0, value = 0] = random(2)
    message[at % message.byteLength] = value
    read(message)
  }
})

test('records come from delegated routers: the newest valid one, remembered for its time to live', async () => {
  const publisher = await makePublisher()
  const [old, recent] = await Promise.all(
    [1n, 2n].map(sequence => makeRecord(publisher, { value: `/ipfs/${CID}/${sequence}`, sequence })),
  )
  const answers = [old, recent, Buffer.from('no record')]
  const paths: string[] = []
  const routers = await Promise.all(
    answers.map(async body => {
      const server = createServer((request, response) => {
        paths.push(request.url ?? '')
        response.writeHead(200, { 'Content-Type': 'application/vnd.ipfs.ipns-record' }).end(body)
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const urls = routers.map(server => `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const { text: key } = publisher.name
  await using node = await openNames({ ipns: { routers: urls }, dnslink: { allowPrivate: true }, findRecords })
  for (let i = 0; i < 3; i++) assert.is((await node.names.record(key, soon())).value, `/ipfs/${CID}/2`)
  assert.equal(
    paths,
    Array.from({ length: 3 }, () => `/routing/v1/ipns/${key}`),
  )
  await using wrong = await openNames({
    ipns: { routers: urls.slice(2) },
    dnslink: { allowPrivate: true },
    findRecords,
  })
  assert.is((await failureOf(wrong.names.record(key, soon()))).code, 'BAD_RECORD')
  for (const server of routers) server.close()
})

test.run()
