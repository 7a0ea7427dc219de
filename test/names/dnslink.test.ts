import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatContentPath } from '../../src/dag/path.ts'
import { startDns } from './dns-server.ts'
import { makePublisher, makeRecord } from './signing.ts'
import { failureOf, openNames, soon } from './support.ts'

const CID = 'bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am'
/** On a node that may ask, but has no peers. */
const findRecords = async () => []

const link = (path: string): readonly string[] => [`dnslink=${path}`]

/** What the TXT records of a domain come to: a path, or the code of an error. */
const RULES: readonly (readonly [why: string, records: readonly (readonly string[])[], want: string | RegExp])[] = [
  ['one record', [link(`/ipfs/${CID}`)], `/ipfs/${CID}`],
  ['a record with a path', [link(`/ipfs/${CID}/a b/ą`)], `/ipfs/${CID}/a b/ą`],
  ['a record in chunks', [['dnslink=/ipfs/', CID.slice(0, 20), CID.slice(20)]], `/ipfs/${CID}`],
  ['an old record, a CID alone', [link(CID)], `/ipfs/${CID}`],
  ['records for other uses beside it', [['v=spf1 -all'], link(`/ipfs/${CID}`), ['x'.repeat(255)]], `/ipfs/${CID}`],
  ['other namespaces beside it', [link('/hyper/abc'), link(`/ipfs/${CID}`), link('/arweave/x')], `/ipfs/${CID}`],
  ['the same record twice', [link(`/ipfs/${CID}`), link(`/ipfs/${CID}`)], `/ipfs/${CID}`],
  ['two that differ', [link(`/ipfs/${CID}`), link('/ipfs/bafkqaaa')], /^BAD_DNSLINK .*bafkqaaa/],
  ['one that leads nowhere beside a good one', [link('/ipfs/nope'), link(`/ipfs/${CID}`)], `/ipfs/${CID}`],
  ['one that leads nowhere', [link('/ipfs/nope')], /^BAD_DNSLINK .*nope/],
  ['a path out of its root', [link(`/ipfs/${CID}/../../x`)], /^BAD_DNSLINK/],
  ['a line break', [link(`/ipfs/${CID}/\r\nX-Evil: 1`)], /^BAD_DNSLINK/],
  ['a URL', [link('https://evil.invalid/')], /^NAME_NOT_FOUND/],
  ['nothing behind the sign', [link('')], /^NAME_NOT_FOUND/],
  ['other records alone', [['v=spf1 -all']], /^NAME_NOT_FOUND .*_dnslink\./],
]

test('TXT records: exactly one may lead to content', async () => {
  await using dns = await startDns()
  await using node = await openNames({ dnslink: { servers: [dns.address] }, findRecords })
  for (const [index, [why, records, want]] of RULES.entries()) {
    const domain = `rule${index}.test`
    dns.zone.set(`_dnslink.${domain}`, records)
    const got = await node.names.resolve(domain, soon()).then(
      ({ path }) => formatContentPath(path),
      error => `${error.code} ${error.message}`,
    )
    if (typeof want === 'string') assert.is(got, want, why)
    else assert.match(got, want, why)
  }
  assert.equal(new Set(dns.asked.map(name => name.split('.')[0])), new Set(['_dnslink']))
  console.log(`» dnslink: ${RULES.length} sets of TXT records as the rules want them`)
})

test('names lead to names: domains, keys, paths in between', async () => {
  await using dns = await startDns()
  await using node = await openNames({ dnslink: { servers: [dns.address] }, findRecords })
  const publisher = await makePublisher()
  const { text: key } = publisher.name
  await node.names.put(key, await makeRecord(publisher, { value: `/ipns/last.test/c` }), soon())
  dns.zone.set('_dnslink.first.test', [link(`/ipns/${key}/d`)])
  dns.zone.set('_dnslink.last.test', [link(`/ipfs/${CID}/a/b`)])
  const { path, chain, source } = await node.names.resolve('first.test', soon())
  assert.is(formatContentPath(path), `/ipfs/${CID}/a/b/c/d`)
  assert.is(source, 'dnslink')
  assert.equal(
    chain.map(({ name }) => name),
    ['first.test', key, 'last.test'],
  )
  assert.is((await node.names.step('first.test', soon())).target, `/ipns/${key}/d`)
})

test('names that lead to one another end with an error that says so', async () => {
  const statics = Array.from({ length: 40 }, (_, index) => `n${index}.test:/ipns/n${index + 1}.test/x`)
  await using node = await openNames({
    dnslink: { static: ['a.test:/ipns/b.test', 'b.test:/ipns/a.test/y', ...statics, `n40.test:/ipfs/${CID}`] },
  })
  assert.is((await failureOf(node.names.resolve('a.test', soon()))).code, 'NAME_LOOP')
  assert.is((await failureOf(node.names.resolve('n0.test', soon()))).code, 'NAME_LOOP')
  const { chain, path } = await node.names.resolve('n9.test', soon())
  assert.is(chain.length, 32)
  assert.is(path.segments.length, 31)
})

test('answers are remembered, also that there is none; questions at the same time are one', async () => {
  await using dns = await startDns()
  await using node = await openNames({ dnslink: { servers: [dns.address] }, findRecords })
  dns.zone.set('_dnslink.known.test', [link(`/ipfs/${CID}`)])
  await Promise.all(Array.from({ length: 20 }, () => node.names.resolve('known.test', soon())))
  await node.names.resolve('KNOWN.test.', soon())
  for (let i = 0; i < 3; i++) assert.is(await node.names.hasDnslink('unknown.test', soon()), false)
  assert.equal(dns.asked, ['_dnslink.known.test', '_dnslink.unknown.test'])
})

test('an inlined domain is tried first as what it stands for', async () => {
  await using dns = await startDns()
  await using node = await openNames({ dnslink: { servers: [dns.address] }, findRecords })
  dns.zone.set('_dnslink.en.wiki-x.test', [link(`/ipfs/${CID}`)])
  dns.zone.set('_dnslink.plain-host', [link('/ipfs/bafkqaaa')])
  assert.is((await node.names.resolve('en-wiki--x-test', soon())).chain[0]?.name, 'en.wiki-x.test')
  assert.is((await node.names.resolve('plain-host', soon())).chain[0]?.name, 'plain-host')
  assert.match((await failureOf(node.names.resolve('no-such', soon()))).message, /no\.such/)
})

test('a server that fails or is silent is no answer: an error of its own, and no host of ours', async () => {
  await using dns = await startDns()
  await using node = await openNames({ dnslink: { servers: [dns.address], timeout: '600ms' }, findRecords })
  dns.zone.set('_dnslink.broken.test', 2)
  dns.zone.set('_dnslink.silent.test', 'silent')
  assert.is((await failureOf(node.names.resolve('broken.test', soon()))).code, 'UNREACHABLE')
  assert.is((await failureOf(node.names.resolve('silent.test', soon()))).code, 'TIMEOUT')
  assert.is(await node.names.hasDnslink('silent.test', soon()), false)
})

test('whoever gives up leaves at once, and the question goes on for the others', async () => {
  await using dns = await startDns()
  await using node = await openNames({ dnslink: { servers: [dns.address], timeout: '5s' }, findRecords })
  dns.zone.set('_dnslink.slow.test', 'silent')
  const other = node.names.hasDnslink('slow.test', soon())
  const stop = new AbortController()
  const work = node.names.resolve('slow.test', { signal: stop.signal })
  stop.abort(new Error('enough'))
  await work.then(
    () => assert.unreachable(),
    error => assert.is(error.message, 'enough'),
  )
  dns.zone.set('_dnslink.slow.test', [link(`/ipfs/${CID}`)])
  assert.is(await other, true)
})

test('a node that is offline asks nobody, and knows what it is configured with', async () => {
  await using dns = await startDns()
  dns.zone.set('_dnslink.known.test', [link(`/ipfs/${CID}`)])
  await using node = await openNames({
    dnslink: { servers: [dns.address], static: [`mine.test:/ipfs/${CID}/a:b`, 'One.Test:/ipfs/bafkqaaa'] },
  })
  assert.is((await failureOf(node.names.resolve('known.test', soon()))).code, 'NAME_NOT_FOUND')
  assert.is(await node.names.hasDnslink('known.test', soon()), false)
  const { path, source, ttlSecs } = await node.names.resolve('mine.test', soon())
  assert.equal([path.segments, source, ttlSecs], [['a:b'], 'static', undefined])
  assert.is(await node.names.hasDnslink('one.test', soon()), true)
  assert.equal(dns.asked, [])
})

test('localOnly asks nobody, and gives what is remembered', async () => {
  await using dns = await startDns()
  await using node = await openNames({ dnslink: { servers: [dns.address] }, findRecords })
  dns.zone.set('_dnslink.known.test', [link(`/ipfs/${CID}`)])
  const local = { ...soon(), localOnly: true }
  assert.is((await failureOf(node.names.resolve('known.test', local))).code, 'NAME_NOT_FOUND')
  assert.equal(dns.asked, [])
  await node.names.resolve('known.test', soon())
  assert.is((await node.names.resolve('known.test', local)).chain.length, 1)
  assert.equal(dns.asked, ['_dnslink.known.test'])
})

test('a host that is no domain is never looked up', async () => {
  await using dns = await startDns()
  await using node = await openNames({ dnslink: { servers: [dns.address] }, findRecords })
  for (const host of [
    '127.0.0.1',
    '::1',
    'localhost',
    '12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK',
    'a b.c',
    '',
  ])
    assert.is(await node.names.hasDnslink(host, soon()), false, host)
  assert.equal(dns.asked, [])
})

test.run()
