// §5.23 to 39 of the gateway's spec, each row under its number: names, paths, `_redirects`, hosts.

import { base16 } from 'multiformats/bases/base16'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseRedirects } from '../../gateway/content/redirects/parse.ts'
import { DAG_PB } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import type { BlockSource } from '../../src/block/source.ts'
import { isCairnError } from '../../src/errors.ts'
import { createDnslink } from '../../src/names/dnslink.ts'
import { createRecords } from '../../src/names/records.ts'
import { createNames } from '../../src/names/resolver.ts'
import { readTar } from '../conformance/readers.ts'
import { failureOf } from '../names/support.ts'
import { folderOf, putRaw } from '../support/dags.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
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

test('§5.23 nothing of a name is kept longer than its record is valid', async () => {
  for (const target of [
    '',
    '/',
    '/a.txt',
    '/page.html',
    '?format=ipns-record',
    '/a.txt?format=raw',
    '?format=car',
    '?format=tar',
  ]) {
    const answer = await ask(get(`/ipns/${duties.brief}${target}`))
    if (answer.status === 301) continue
    assert.is(answer.status, 200, target)
    assert.ok(maxAge(answer) <= 100 && maxAge(answer) > 50, `${target}: ${answer.header('cache-control')}`)
  }
  assert.is(maxAge(await ask(get(`/ipns/${duties.world.publisher.name.text}/a.txt`))), 300)
})

test('§5.24 names that lead to themselves are 400', async () => {
  for (const request of [
    get('/ipns/loop.example.test/a.txt'),
    get(`/ipns/${duties.loop}/a.txt`),
    on('loop.example.test', '/a.txt'),
    on(`${duties.loop}.ipns.gw.test`, '/'),
  ]) {
    const answer = await ask(request)
    assert.is(answer.status, 400, request)
    assert.match(answer.text, 'recursion limit')
  }
})

test('§5.26 `..` may not leave the content root', async () => {
  const { folder } = duties.world
  const root = `/ipfs/${folder}`
  for (const path of ['/..', '/../', '/../x', '/%2e%2e/x', '/.%2E/x', '/a.txt/../../x', '/./../x', '/../../ipns/x'])
    assert.is(await statusOf(get(root + path)), 400, path)
  for (const path of ['/none/../a.txt', '/./a.txt', '//a.txt', '/a/b/../../a.txt'])
    assert.is((await ask(get(root + path))).text, ALPHABET, path)
})

test('§5.27 identity CIDs hold at most 128 bytes: to be read, in a CAR, in a path', async () => {
  const identity = (bytes: number) => CID.createV1(0x55, create(0, new Uint8Array(bytes).fill(97)))
  for (const query of ['', '?format=raw', '?format=car']) {
    assert.is(await statusOf(get(`/ipfs/${identity(128)}${query}`)), 200)
    assert.is(await statusOf(get(`/ipfs/${identity(129)}${query}`)), 400)
  }
  assert.is(await statusOf(on(`${identity(129)}.ipfs.gw.test`, '/')), 400)
  assert.is(
    (
      await failureOf(
        Promise.resolve().then(() => new MemoryBlocks().putVerified(identity(129), new Uint8Array(129).fill(97))),
      )
    ).code,
    'LIMIT',
  )
})

test('§5.30 names are bytes: no UTF-8 is changed, none is needed', async () => {
  const { memory } = duties.world
  const file = (text: string) => ({ Hash: putRaw(memory, Buffer.from(text)), Tsize: text.length })
  const [composed, decomposed] = ['\u00e9', 'e\u0301']
  const links = [
    { Name: decomposed, ...file('two') },
    { Name: 'f\u0001\u0002', ...file('bytes') },
    { Name: composed, ...file('one') },
  ]
  const block = await memory.get(folderOf(memory, links), { signal: new AbortController().signal })
  // No library writes such a name: it is put in the place of one as long.
  const bytes = Buffer.from(Buffer.from(block).toString('latin1').replace('f\u0001\u0002', 'f\xff\xfe'), 'latin1')
  const root = CID.createV1(DAG_PB, sha256(bytes))
  memory.put({ cid: root, bytes, hasLinks: true })
  const text = async (path: string) => (await ask(get(`/ipfs/${root}/${path}`))).text
  assert.is(await text('f%FF%FE'), 'bytes')
  assert.is(await text('%C3%A9'), 'one')
  assert.is(await text('e%CC%81'), 'two')
  assert.is(await statusOf(get(`/ipfs/${root}/f%EF%BF%BD%EF%BF%BD`)), 404)
  assert.match(await text(''), `/ipfs/${root}/f%FF%FE`)
  const tar = (await ask(get(`/ipfs/${root}?format=tar`))).content
  assert.ok(tar.includes(Buffer.from([0x66, 0xff, 0xfe])))
  assert.is(readTar(tar).get(`${root}/${composed}`), 'one')
})

test('§5.32 _redirects: never on paths, never for an explicit format', async () => {
  const { site } = duties.world
  assert.is(await statusOf(get(`/ipfs/${site}/search`)), 404)
  assert.is(await statusOf(on(hostOf(site), '/search')), 301)
  for (const format of ['raw', 'car', 'tar', 'json', 'dag-json'])
    assert.is(await statusOf(on(hostOf(site), `/search?format=${format}`)), 404, format)
  assert.is(await statusOf(on(hostOf(site), '/search', 'Accept: application/vnd.ipld.raw')), 404)
})

test('§5.33 _redirects: the query of the request goes along and replaces the rule’s', async () => {
  const rules = `/source1/* /target-file?static-query1=static-val1&static-query2=static-val2 301
/source2/:code/:name /target-file?code=:code&name=:name 301
/source3/* https://example.net/target3/:splat 301
`
  const site = await duties.gateway.addTree({ _redirects: rules })
  const location = async (path: string) => (await ask(on(hostOf(site), path))).header('location')
  assert.is(
    await location('/source1/x?dynamic-query1=dynamic-val1'),
    '/target-file?dynamic-query1=dynamic-val1&static-query1=static-val1&static-query2=static-val2',
  )
  assert.is(
    await location('/source1/x?static-query2=mine'),
    '/target-file?static-query1=static-val1&static-query2=mine',
  )
  assert.is(await location('/source2/200/ok'), '/target-file?code=200&name=ok')
  assert.is(await location('/source2/200/ok?name=else'), '/target-file?code=200&name=else')
  assert.is(await location('/source3/a/b?x=1'), 'https://example.net/target3/a/b?x=1')
})

test('§5.34 _redirects: which statuses there are, and no placeholder twice', async () => {
  const known = [200, 301, 302, 303, 307, 308, 404, 410, 451]
  for (let status = 0; status < 1000; status++) {
    const parse = () => parseRedirects(Buffer.from(`/a /b ${status}`))
    if (known.includes(status)) assert.is(parse()[0]?.status, status)
    else assert.throws(parse, (error: unknown) => isCairnError(error, 'BAD_REDIRECTS'), `${status}`)
  }
  for (const status of [303, 307, 308]) {
    const site = await duties.gateway.addTree({ _redirects: `/a /b ${status}\n` })
    const answer = await ask(on(hostOf(site), '/a'))
    assert.equal([answer.status, answer.header('location')], [status, '/b'])
  }
  const refused = await ask(on(hostOf(duties.world.badSite), '/a/1/2'))
  assert.is(refused.status, 500)
  assert.match(refused.text, /could not parse _redirects: line 1: .*placeholder ":x" is there twice/)
})

test('§5.35 _redirects: the first match, never over a file, a page for 404 only where nothing is', async () => {
  const site = await duties.gateway.addTree({
    _redirects: '/there /elsewhere 301\n/first /one 302\n/first /two 302\n/* /404.html 404\n/late /never 301\n',
    there: 'I am here',
    '404.html': 'my own 404',
  })
  const at = (path: string) => ask(on(hostOf(site), path))
  assert.is((await at('/there')).text, 'I am here')
  assert.is((await at('/first')).header('location'), '/one')
  for (const path of ['/none', '/late', '/a/b/c']) {
    const answer = await at(path)
    assert.equal([answer.status, answer.text], [404, 'my own 404'], path)
  }
})

test('§5.37 only-if-cached asks neither network nor DNS', async () => {
  const asked: string[] = []
  const memory = new MemoryBlocks({ peekable: true })
  class Spy extends MemoryBlocks implements BlockSource {
    override async get(cid: CID, options: { signal: AbortSignal }): Promise<Uint8Array> {
      asked.push(`${cid}`)
      return memory.get(cid, options)
    }
  }
  const records = { get: () => undefined, isFull: () => false, replace: async () => false }
  const find = async ({ text }: { text: string }): Promise<[]> => {
    asked.push(text)
    return []
  }
  const names = createNames({
    records: createRecords({ store: records, timeoutMs: 1000, sources: [find] }),
    dnslink: createDnslink({
      statics: new Map(),
      timeoutMs: 1000,
      lookup: async name => {
        asked.push(name)
        return { texts: [], ttlSecs: 1 }
      },
    }),
  })
  await withGateway({ memory, network: new Spy(), node: { names }, hosts: ['gw.test'] }, async gateway => {
    const key = duties.world.publisher.name.text
    for (const [host, path] of [
      ['x', missing()],
      ['x', missing('/a/b?format=car')],
      ['x', `/ipns/${key}/a`],
      ['x', `/ipns/${key}?format=ipns-record`],
      ['x', '/ipns/some.example.test/'],
      ['some.example.test', '/'],
      [`${NOWHERE}.ipfs.gw.test`, '/x'],
      [`some-example-test.ipns.gw.test`, '/x'],
    ] as const)
      for (const method of ['GET', 'HEAD']) {
        const answer = await gateway.raw(`${method} ${path} HTTP/1.1\nHost: ${host}\nCache-Control: only-if-cached`)
        assert.ok(
          answer.status === 412 || (host === 'some.example.test' && answer.status === 404),
          `${host}${path}: ${answer.status}`,
        )
      }
    assert.equal(asked, [])
    assert.is((await gateway.raw('GET /ipns/some.example.test/ HTTP/1.1\nHost: x')).status, 502)
    assert.equal(asked.length > 0, true, 'the spy sees what is asked')
  })
})

test('§5.38 redirects to the host of a root keep the query byte for byte, behind ?uri= too', async () => {
  const { folder } = duties.world
  const query = '?x=%2F&y=%zz&z=a+b&&=1;é'.replace('é', '%C3%A9')
  const answer = await ask(on('gw.test', `/ipfs/${folder}/a%20b/${query}`))
  assert.equal([answer.status, answer.header('location')], [301, `http://${hostOf(folder)}/a%20b/${query}`])
  const uri = encodeURIComponent(`ipfs://${folder}/a.txt?x=%2F&y=1`)
  const first = (await ask(on('gw.test', `/ipfs/?uri=${uri}`))).header('location')
  assert.is(first, `/ipfs/${folder}/a.txt?x=%2F&y=1`)
  const second = (await ask(on('gw.test', first))).header('location')
  assert.is(second, `http://${hostOf(folder)}/a.txt?x=%2F&y=1`)
  assert.is((await ask(on(hostOf(folder), '/a.txt?x=%2F&y=1'))).text, ALPHABET)
})

test('§5.39 every spelling of a root is sent to its one host', async () => {
  const { alphabet, alphabet36, alphabet16 } = duties.world
  const canonical = hostOf(alphabet)
  assert.is(alphabet16, alphabet.toString(base16))
  for (const spelled of [alphabet36, alphabet16, canonical.split('.', 1)[0]?.toUpperCase()]) {
    const answer = await ask(on(`${spelled}.ipfs.gw.test`, '/a?x=%2F'))
    if (spelled?.toLowerCase() === canonical.split('.', 1)[0])
      assert.is(answer.status, 404, 'case does not count in a host')
    else assert.equal([answer.status, answer.header('location')], [301, `http://${canonical}/a?x=%2F`])
  }
  assert.is((await ask(on(canonical, '/'))).text, ALPHABET)
})

test.run()
