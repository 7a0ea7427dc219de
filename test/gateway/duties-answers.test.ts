// §5.40 to 54 of the gateway's spec, each row under its number: hosts, CORS, methods, negotiation, pages, abuse.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { denylistOf } from '../policy/support.ts'
import { putDocument, putRaw, someBytes } from '../support/dags.ts'
import { get, missing, on } from './better/case.ts'
import { ALPHABET, NOWHERE } from './better/world.ts'
import { type DutyGateway, hostOf, maxAge, startDuties } from './duties/gateway.ts'
import { withGateway } from './support.ts'

let duties: DutyGateway
const ask = (head: string) => duties.ask(head)
const statusOf = async (head: string): Promise<number> => (await ask(head)).status

test.before(async () => {
  duties = await startDuties()
})

test.after(async () => {
  await duties[Symbol.asyncDispose]()
})

test('§5.40 X-Forwarded-Host counts only from the proxies that are configured', async () => {
  const { alphabet, memory } = duties.world
  const head = `GET / HTTP/1.1\nHost: 127.0.0.1\nX-Forwarded-Host: ${hostOf(alphabet)}\nX-Forwarded-Proto: https`
  for (const [proxies, isBelieved] of [
    [[], true],
    [['127.0.0.0/8'], true],
    [['10.0.0.0/8', 'fd00::/8'], false],
  ] as const)
    await withGateway({ memory, proxies, hosts: ['gw.test'] }, async gateway => {
      const answer = await gateway.raw(head)
      assert.is(answer.body.toString() === ALPHABET, isBelieved, proxies.join())
    })
})

test('§5.41 hosts: namespaces that are off, DNSLink that is off, wildcards, ports', async () => {
  const { alphabet, folder } = duties.world
  const label = hostOf(alphabet).split('.', 1)[0]
  assert.is(await statusOf(on('only.test', `/ipfs/${alphabet}`)), 301)
  assert.is(await statusOf(on('only.test', '/ipns/my-site.example.test/')), 404)
  assert.is(await statusOf(on('my--site-example-test.ipns.only.test', '/')), 404)
  assert.is((await ask(on(`${label}.ipfs.only.test`, '/'))).text, ALPHABET)
  assert.is((await ask(on('a.wild.test', `/ipfs/${alphabet}`))).header('location'), `http://${label}.ipfs.a.wild.test/`)
  assert.is((await ask(on(`${label}.ipfs.b.wild.test:81`, '/'))).text, ALPHABET)
  assert.is((await ask(on('my-site.example.test:8080', '/a.txt'))).text, ALPHABET)
  assert.is(await statusOf(on('port.test:1234', `/ipfs/${folder}/`)), 400, 'trustless by its port')
  assert.is(await statusOf(on('port.test:99', `/ipfs/${folder}/`)), 200)
  await withGateway(
    { memory: duties.world.memory, hosts: ['my.test no-dnslink'], dnslinks: [`my.test:/ipfs/${folder}`] },
    async gateway => assert.is((await gateway.raw('GET /a.txt HTTP/1.1\nHost: my.test')).status, 404),
  )
})

test('§5.42 blocks of 2 MiB are decoded and served', async () => {
  const { memory } = duties.world
  const size = 2 * 1024 * 1024
  const raw = putRaw(memory, someBytes(size))
  const document = putDocument(memory, { text: 'x'.repeat(size - 20) })
  for (const [target, least] of [
    [`${raw}`, size],
    [`${raw}?format=raw`, size],
    [`${raw}?format=car`, size],
    [`${document}?format=dag-cbor`, size - 20],
    [`${document}/text`, 0],
  ] as const) {
    const answer = await ask(get(`/ipfs/${target}`))
    assert.is(answer.status, least === 0 ? 501 : 200, target)
    assert.ok(answer.content.byteLength >= least, target)
  }
})

test('§5.43 CORS is on redirects, errors and 304 as well', async () => {
  const { folder, alphabet } = duties.world
  const requests: Record<number, string> = {
    200: get(`/ipfs/${alphabet}`),
    206: get(`/ipfs/${alphabet}`, 'Range: bytes=0-1'),
    301: get(`/ipfs/${folder}`),
    302: get(`/ipns/12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK`),
    304: get(`/ipfs/${alphabet}`, 'If-None-Match: *'),
    400: get('/ipfs/nonsense'),
    404: get(missing()),
    405: get(`/ipfs/${alphabet}`).replace('GET', 'POST'),
    406: get(`/ipfs/${alphabet}?format=dag-json`),
    412: get(missing(), 'Cache-Control: only-if-cached'),
    416: get(`/ipfs/${alphabet}`, 'Range: bytes=99-'),
    500: on(hostOf(duties.world.badSite), '/x'),
    502: get(`/ipns/${duties.world.unpublished}/`),
  }
  for (const [status, request] of Object.entries(requests)) {
    const answer = await ask(`${request}\nOrigin: https://page.example`)
    assert.is(answer.status, Number(status), request)
    assert.is(answer.header('access-control-allow-origin'), '*', status)
    assert.match(answer.header('access-control-expose-headers'), 'X-Ipfs-Roots', status)
  }
})

test('§5.44 OPTIONS: allowed methods, no body, nothing is looked up', async () => {
  const { memory } = duties.world
  const reads = memory.reads.length
  for (const target of [
    missing(),
    `/ipfs/${duties.world.folder}/a.txt`,
    '/ipns/no.example.test/',
    '/ipfs/nonsense',
    '*',
    '/',
  ]) {
    const answer = await ask(
      get(target, 'Origin: https://page.example', 'Access-Control-Request-Method: GET').replace('GET', 'OPTIONS'),
    )
    assert.ok(answer.status === 200 || answer.status === 204, target)
    assert.is(answer.body.byteLength, 0)
    assert.is(answer.header('allow'), 'GET, HEAD, OPTIONS')
    assert.is(answer.header('access-control-allow-methods'), 'GET, HEAD, OPTIONS')
  }
  assert.is(memory.reads.length, reads)
})

test('§5.45 unknown formats are 400; weights decide, and q=0 excludes', async () => {
  const { alphabet } = duties.world
  const type = async (accept: string) =>
    (await ask(get(`/ipfs/${alphabet}`, `Accept: ${accept}`))).header('content-type')
  const [raw, car] = ['application/vnd.ipld.raw', 'application/vnd.ipld.car']
  assert.is(await statusOf(get(`/ipfs/${alphabet}?format=zip9`)), 400)
  assert.is(await type(`${raw};q=0.5, ${car};q=0.4`), raw)
  assert.match(await type(`${raw};q=0.4, ${car};q=0.5`), car)
  assert.match(await type(`${raw};q=0, ${car};q=0.1`), car)
  assert.is(await type(`${raw};q=0`), 'text/plain; charset=utf-8')
  assert.is(await type(`${raw};q=0.5, */*;q=0.9`), 'text/plain; charset=utf-8')
})

test('§5.46 451 explains, and links to who blocks', async () => {
  const { denied, memory } = duties.world
  const lines = [
    `/ipfs/${denied} gateway_status=451 reason=order%2042 blocked_by=https://court.example/42`,
    `/ipfs/${NOWHERE} gateway_status=451`,
  ]
  await withGateway({ memory, node: { denylist: denylistOf(lines.join('\n')) } }, async gateway => {
    const named = await gateway.get(`/ipfs/${denied}`)
    assert.is(named.status, 451)
    assert.is(named.headers.get('link'), '<https://court.example/42>; rel="blocked-by"')
    assert.match(await named.text(), /blocked and cannot be provided \(rule list0:1\): order 42/)
    const unnamed = await gateway.get(`/ipfs/${NOWHERE}`)
    assert.is(unnamed.headers.get('link'), '</>; rel="blocked-by"')
  })
})

test('§5.49 ranges apply to documents as they are stored', async () => {
  const { memory, dagCbor } = duties.world
  const dagJson = putDocument(memory, { foo: 'bar', link: dagCbor }, 0x0129)
  for (const [cid, format] of [
    [dagCbor, 'dag-cbor'],
    [dagJson, 'dag-json'],
  ] as const) {
    const whole = (await ask(get(`/ipfs/${cid}?format=${format}`))).content
    for (const target of [`${cid}`, `${cid}?format=${format}`, `${cid}?format=raw`]) {
      const answer = await ask(get(`/ipfs/${target}`, 'Range: bytes=6-16'))
      assert.equal([answer.status, answer.header('content-range')], [206, `bytes 6-16/${whole.byteLength}`], target)
      assert.equal(answer.content, whole.subarray(6, 17))
      if (!target.endsWith('raw')) assert.is(answer.header('content-type'), `application/vnd.ipld.${format}`)
    }
    const parts = await ask(get(`/ipfs/${cid}`, 'Range: bytes=0-1,4-5'))
    assert.match(parts.header('content-type'), 'multipart/byteranges')
  }
})

test('§5.50 what a name leads to is never immutable, and no error is kept', async () => {
  const { publisher, unpublished, folder } = duties.world
  for (const name of [publisher.name.text, 'my-site.example.test'])
    for (const path of ['/', '/a.txt', '/a.txt?format=raw', '?format=car', '/page.html']) {
      const answer = await ask(get(`/ipns/${name}${path}`))
      assert.is(answer.status, 200)
      assert.not.match(answer.header('cache-control'), 'immutable', path)
      if (answer.headers.has('cache-control')) assert.ok(maxAge(answer) <= 300, path)
    }
  for (const target of [
    missing(),
    `/ipns/${unpublished}/`,
    `/ipfs/${folder}/none`,
    '/ipfs/x',
    `/ipfs/${folder}?format=x`,
  ]) {
    const answer = await ask(get(target))
    assert.ok(answer.status >= 400)
    assert.is(answer.header('cache-control'), 'no-store', target)
    assert.is(answer.headers.has('etag'), false, target)
  }
})

test('§5.51 the slash of a folder is added before the query, which is not touched', async () => {
  const { folder } = duties.world
  const query = '?x=%2F&y=1&z=%zz+%E2%82%AC&&'
  for (const [request, place] of [
    [get(`/ipfs/${folder}${query}`), `/ipfs/${folder}/`],
    [get(`/ipns/my-site.example.test${query}`), '/ipns/my-site.example.test/'],
  ] as const)
    for (const method of ['GET', 'HEAD']) {
      const answer = await ask(request.replace('GET', method))
      assert.equal([answer.status, answer.header('location')], [301, place + query])
    }
})

test('§5.52 what others named is text, in listings and in errors', async () => {
  const names = [
    '<script>alert(1)</script>',
    '"onmouseover="x',
    "it's",
    '&amp;',
    'new\nline',
    '\u202egnp.exe',
    '\u0007bell',
  ]
  const root = await duties.gateway.addTree(Object.fromEntries(names.map(name => [name.replaceAll('/', '∕'), 'x'])))
  const listing = (await ask(get(`/ipfs/${root}/`, 'Accept: text/html'))).text
  const wrong = encodeURIComponent(`${names.join('')}/x`)
  const page = (await ask(get(`/ipfs/${root}/${wrong}`, 'Accept: text/html'))).text
  const plain = (await ask(get(`/ipfs/${root}/${wrong}`))).text
  for (const html of [listing, page]) {
    assert.not.match(html, '<script>alert')
    assert.not.match(html, /["']onmouseover="x/)
    for (const control of ['\u0007', '\u202e']) assert.not.match(html, control)
  }
  assert.match(listing, '&lt;script&gt;alert(1)')
  assert.match(listing, '&amp;amp;')
  for (const control of ['\u0007', '\u202e', '\n']) assert.not.match(plain.slice(0, -1), control)
})

test('§5.53 bodies that nobody reads, URLs and heads that are too long: 4xx, and the server goes on', async () => {
  const { alphabet } = duties.world
  const long = 'x'.repeat(20_000)
  const statuses = [
    [get(`/ipfs/${alphabet}?${long}`), [414, 431]],
    [get(`/ipfs/${alphabet}/${'a/'.repeat(6000)}`), [404, 414, 431]],
    [get(`/ipfs/${alphabet}`, `X-Long: ${long}`), [431]],
    [get(`/ipfs/${alphabet}`, ...Array.from({ length: 200 }, (_, i) => `X-${i}: 1`)), [431]],
    [`${get(`/ipfs/${alphabet}`, 'Content-Length: 5')}`, [200, 400]],
  ] as const
  for (const [request, allowed] of statuses) {
    const { status } = await ask(request)
    assert.ok((allowed as readonly number[]).includes(status), `${request.slice(0, 60)}…: ${status}`)
  }
  assert.is((await ask(get(`/ipfs/${alphabet}`))).text, ALPHABET)
})

test('§5.54 a trace context comes back, if it is one', async () => {
  const { alphabet } = duties.world
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const traced = await ask(get(`/ipfs/${alphabet}`, `Traceparent: ${parent}`, 'Tracestate: a=1,b=2'))
  assert.equal([traced.header('traceparent'), traced.header('tracestate')], [parent, 'a=1,b=2'])
  assert.is((await ask(get(missing(), `Traceparent: ${parent}`))).header('traceparent'), parent)
  const odd = await ask(get(`/ipfs/${alphabet}`, 'Traceparent: nonsense', 'Tracestate: a=1'))
  assert.equal([odd.headers.has('traceparent'), odd.headers.has('tracestate')], [false, false])
})

test.run()
