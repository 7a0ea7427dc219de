import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hostRouter } from '../../gateway/content/hosts.ts'
import { rootLabel } from '../../gateway/content/labels.ts'
import { parseCid } from '../../src/block/cid.ts'
import { isCairnError } from '../../src/errors.ts'
import { startGateway, type TestGateway } from './support.ts'

const V0 = 'Qmc27WL2gbbLRd765c8h9Fbg3TwHP9wkZWK9iTKmCts3uk'
const V1 = 'bafybeiglipqyq4czjhmdk5ixcfbpvckqh5azhk5b76dvew3cics52k56dm'
const SHA512 =
  'bafkrgqhhyivzstcz3hhswshfjgy6ertgmnqeleynhwt4dlfsthi4hn7zgh4uvlsb5xncykzapi3ocd4lzogukir6ksdy6wzrnz6ohnv4aglcs'

test('hosts: configured names, their roots, and everything else', () => {
  const of = hostRouter(['localhost', 'Example.com', '*.wild.test', 'ported.test:99'])
  const kind = (host: string) => of({ host }).kind
  assert.is(kind('localhost:8080'), 'gateway')
  assert.is(kind('EXAMPLE.com.'), 'gateway')
  assert.is(kind('a.wild.test'), 'gateway')
  assert.is(kind('wild.test'), 'named')
  assert.is(kind('ported.test:99'), 'gateway')
  assert.is(kind('ported.test'), 'named')
  for (const host of ['127.0.0.1:8080', '[::1]:8080', '', 'nas']) assert.is(kind(host), 'path', host)
  for (const host of ['fake.test', 'ipfs.localhost', 'x.ipfz.localhost', 'localhost.evil.test']) {
    assert.is(kind(host), 'named', host)
  }
  const rootOf = (headers: { host: string }) => {
    const { rules: _, ...route } = of(headers)
    return route
  }
  assert.equal(rootOf({ host: `${V1}.ipfs.LOCALHOST:8080` }), {
    kind: 'root',
    label: V1,
    namespace: 'ipfs',
    gateway: 'localhost:8080',
  })
  assert.equal(rootOf({ host: 'a.b.ipns.example.com' }), {
    kind: 'root',
    label: 'a.b',
    namespace: 'ipns',
    gateway: 'example.com',
  })
})

test('X-Forwarded-Host beats a target in absolute form, which beats Host', () => {
  const of = hostRouter(['localhost'])
  assert.is(of({ host: 'x', 'x-forwarded-host': 'localhost, y' }).kind, 'gateway')
  assert.is(of({ host: 'x' }, 'localhost').kind, 'gateway')
  assert.is(of({ host: 'x', 'x-forwarded-host': 'y' }, 'localhost').kind, 'path')
})

test('a root has one label: base32, base36 if that is too long, or none', () => {
  assert.is(rootLabel(parseCid(V0)), V1)
  assert.is(rootLabel(parseCid(V1)), V1)
  try {
    rootLabel(parseCid(SHA512))
    assert.unreachable()
  } catch (error) {
    assert.ok(isCairnError(error, 'BAD_CID'))
    assert.match(error.message, 'CID incompatible with DNS label length limit of 63')
  }
})

let gateway: TestGateway
let root: string
test.before(async () => {
  gateway = await startGateway({ hosts: ['localhost', 'gw.test'] })
  root = String(
    await gateway.addTree({
      'a.txt': 'hello\n',
      'Portugal%2C+España=Peninsula Ibérica.txt': 'hola\n',
      ipfs: { 'f.txt': 'inner\n' },
      list: { x: 'x' },
    }),
  )
})
test.after(() => gateway.close())

const ask = (host: string, target: string, more = '') => gateway.raw(`GET ${target} HTTP/1.1\nHost: ${host}${more}`)

test('a path on a configured host is sent to the root of its own', async () => {
  const answer = await ask('gw.test:8080', `/ipfs/${root}/Portugal%252C+Espa%c3%b1a=Peninsula%20Ib%C3%A9rica.txt?x=%2f`)
  assert.is(answer.status, 301)
  assert.is(
    answer.headers.get('location'),
    `http://${root}.ipfs.gw.test:8080/Portugal%252C+Espa%C3%B1a=Peninsula%20Ib%C3%A9rica.txt?x=%2f`,
  )
  assert.is((await ask('gw.test', `/ipfs/${root}`)).headers.get('location'), `http://${root}.ipfs.gw.test/`)
  assert.is((await ask('gw.test', `/ipfs/${root}/list/`)).headers.get('location'), `http://${root}.ipfs.gw.test/list/`)
  assert.is((await ask('gw.test', `/ipfs/${V0}/x`)).headers.get('location'), `http://${V1}.ipfs.gw.test/x`)
  const secure = await ask('127.0.0.1', `/ipfs/${root}/`, '\nX-Forwarded-Host: gw.test\nX-Forwarded-Proto: https')
  assert.is(secure.headers.get('location'), `https://${root}.ipfs.gw.test/`)
})

test('what has no label, or is no CID, is said so', async () => {
  const long = await ask('gw.test', `/ipfs/${SHA512}/`)
  assert.is(long.status, 400)
  assert.match(long.body.toString(), 'CID incompatible with DNS label length limit of 63')
  const wrong = await ask('gw.test', '/ipfs/QmInvalidCID/x')
  assert.is(wrong.status, 400)
  assert.match(wrong.body.toString(), 'invalid path "/ipfs/QmInvalidCID/x"')
  assert.match((await ask('nonsense.ipfs.gw.test', '/x')).body.toString(), 'invalid path "/ipfs/nonsense/x"')
})

test('on its own host a root is the whole site', async () => {
  const host = `${root}.ipfs.localhost:8080`
  const file = await ask(host, '/a.txt')
  assert.is(file.body.toString(), 'hello\n')
  assert.is(file.headers.get('x-ipfs-path'), `/ipfs/${root}/a.txt`)
  assert.is((await ask(host, '/ipfs/f.txt')).body.toString(), 'inner\n', 'namespaces are not mounted again')
  assert.is((await ask(host, `/ipfs/${root}/a.txt`)).status, 404)
  assert.is((await ask(host, '/list?x=1')).headers.get('location'), '/list/?x=1')
  assert.is((await ask(`${root}.ipfs.localhost`, '/', '\nX-Forwarded-Host: nas')).status, 200, 'the front page')
  assert.is((await ask(`${root}.ipfs.localhost`, '/', '\nX-Forwarded-Host: nobody.test')).status, 404, 'no site')
  assert.is((await ask('proxy', `http://${host}/a.txt`)).body.toString(), 'hello\n', 'absolute form')
})

test('another spelling of a root is sent to the canonical host', async () => {
  const base16 = `f${Buffer.from(parseCid(root).bytes).toString('hex')}`
  const answer = await ask(`${base16}.ipfs.gw.test:1`, '/a.txt?q')
  assert.is(answer.status, 301)
  assert.is(answer.headers.get('location'), `http://${root}.ipfs.gw.test:1/a.txt?q`)
})

test('listings on a root host link within it, and to the gateway by its name and port', async () => {
  const page = (await ask(`${root}.ipfs.gw.test:8080`, '/list/')).body.toString()
  assert.match(
    page,
    `/ipfs/<a href="//gw.test:8080/ipfs/${root}">${root}</a>/<a href="//gw.test:8080/ipfs/${root}/list">list</a>`,
  )
  assert.match(page, '<a href="/list/..">..</a>')
  assert.match(page, '<a href="/list/x">x</a>')
  assert.match(page, /<a class="ipfs-hash" translate="no" href="\/\/gw\.test:8080\/ipfs\/bafk[a-z0-9]+\?filename=x">/)
  assert.not.match((await ask(`${root}.ipfs.gw.test:8080`, '/')).body.toString(), '<a href="/">..</a>')
})

test('writing is refused on root hosts, too', async () => {
  const answer = await gateway.raw(`DELETE /a.txt HTTP/1.1\nHost: ${root}.ipfs.gw.test`)
  assert.is(answer.status, 405)
})

test('a Host that is none is refused', async () => {
  for (const host of ['user@gw.test', 'gw.test/x', 'gw test', 'gw.test,evil.test', '<b>']) {
    assert.is((await ask(host, `/ipfs/${root}/a.txt`)).status, 400, host)
  }
  assert.is((await ask('', `/ipfs/${root}/a.txt`)).status, 200)
  assert.is((await ask('[::1]:8080', `/ipfs/${root}/a.txt`)).status, 200)
})

test('two Host headers are refused', async () => {
  assert.is((await gateway.raw(`GET / HTTP/1.1\nHost: a\nHost: b`)).status, 400)
})

test.run()
