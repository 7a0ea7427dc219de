// §5.1 to 21 of the gateway's spec, each row under its number: representations, CARs, conditions.

import { decode } from '@ipld/dag-cbor'
import { UnixFS } from 'ipfs-unixfs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { toFailure } from '../../gateway/errors.ts'
import { CairnError, ERRORS, type ErrorCode } from '../../src/errors.ts'
import { SILENT } from '../../src/observe/log.ts'
import { readCarCids } from '../conformance/readers.ts'
import { putNode, someBytes } from '../support/dags.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { get, missing, on } from './better/case.ts'
import { type DutyGateway, maxAge, startDuties } from './duties/gateway.ts'
import { startGateway } from './support.ts'

let duties: DutyGateway
const ask = (head: string) => duties.ask(head)
const statusOf = async (head: string): Promise<number> => (await ask(head)).status
const head = (request: string): string => request.replace(/^GET/, 'HEAD')

test.before(async () => {
  duties = await startDuties()
})

test.after(async () => {
  await duties[Symbol.asyncDispose]()
})

test('§5.1 a service worker may not be registered for a whole root, and may be below it', async () => {
  const { folder, publisher } = duties.world
  const script = 'Service-Worker: script'
  for (const root of [`/ipfs/${folder}`, `/ipns/${publisher.name.text}`, `/ipns/my-site.example.test`]) {
    const refused = await ask(get(root, script))
    assert.is(refused.status, 400, root)
    assert.match(refused.text, 'registration is not allowed for this scope')
    assert.is(await statusOf(get(`${root}/`, script)), 200, root)
    assert.is(await statusOf(get(`${root}/page.html`, script)), 200, root)
  }
})

test('§5.2 what Accept chose has Content-Location; what the URL says needs none', async () => {
  const { folder } = duties.world
  const at = async (target: string, accept: string) =>
    (await ask(get(target, `Accept: ${accept}`))).header('content-location')
  const file = `/ipfs/${folder}/a.txt`
  assert.is(await at(file, 'application/vnd.ipld.raw'), `${file}?format=raw`)
  assert.is(await at(`${file}?x=1`, 'application/vnd.ipld.raw'), `${file}?format=raw&x=1`)
  assert.is(
    await at(file, 'application/vnd.ipld.car; version=1; order=dfs; dups=y'),
    `${file}?car-dups=y&car-order=dfs&car-version=1&format=car`,
  )
  assert.is(await at(`${file}?format=raw`, 'application/vnd.ipld.raw'), '')
  // Since IPIP-0523 the URL wins: it names what is sent, whatever Accept says.
  const contrary = await ask(get(`${file}?format=raw`, 'Accept: application/vnd.ipld.car'))
  assert.is(contrary.header('content-type'), 'application/vnd.ipld.raw')
  assert.is(contrary.header('content-location'), '')
})

test('§5.3 no cache can give one format for another: own tags, Content-Location, Vary', async () => {
  const { folder, dagCbor } = duties.world
  for (const target of [`/ipfs/${folder}/a.txt`, `/ipfs/${dagCbor}/`, `/ipfs/${folder}/`]) {
    const accepts = ['*/*', 'text/html', 'application/vnd.ipld.raw', 'application/vnd.ipld.car', 'application/x-tar']
    const answers = await Promise.all(accepts.map(accept => ask(get(target, `Accept: ${accept}`))))
    for (const answer of answers) assert.match(answer.header('vary'), /\bAccept\b/)
    const sent = answers.filter(({ status }) => status === 200)
    const tagOfType = new Map(sent.map(answer => [answer.header('content-type'), answer.header('etag')]))
    assert.is(new Set(tagOfType.values()).size, tagOfType.size, `${target}: ${[...tagOfType.values()]}`)
    assert.ok(tagOfType.size >= 3)
    for (const answer of answers.slice(2).filter(({ status }) => status === 200))
      assert.match(answer.header('content-location'), '?format=')
  }
})

test('§5.4 entity-bytes alone acts as dag-scope=entity', async () => {
  const { folder, long } = duties.world
  const cids = async (target: string) => readCarCids((await ask(get(`/ipfs/${target}`))).content)
  assert.equal(await cids(`${folder}?format=car&entity-bytes=0:*`), [folder.toString()])
  for (const bytes of ['0:*', '300:400', '-3:*']) {
    const alone = await cids(`${folder}/long?format=car&entity-bytes=${bytes}`)
    assert.equal(alone, await cids(`${folder}/long?format=car&dag-scope=entity&entity-bytes=${bytes}`))
    assert.equal(alone.slice(0, 2), [folder.toString(), long.toString()])
    assert.is(alone.length, bytes === '0:*' ? 7 : bytes === '-3:*' ? 4 : 3)
  }
})

test('§5.5 the tag of a CAR depends on path, scope, range and duplicates', async () => {
  const { folder, long } = duties.world
  const variants = ['block', 'entity', 'entity&entity-bytes=0:9', 'entity&entity-bytes=0:900', 'all'].flatMap(scope =>
    ['y', 'n'].map(dups => `?format=car&dag-scope=${scope}&car-dups=${dups}`),
  )
  const ofLong = [`${folder}/long`, `${long}`].flatMap(path => variants.map(variant => path + variant))
  const others = [`${folder}`, `${folder}/a.txt`].flatMap(path => variants.map(variant => path + variant))
  const contents = new Map<string, Buffer>()
  for (const target of [...ofLong, ...others]) {
    const answer = await ask(get(`/ipfs/${target}`))
    const tag = answer.header('etag')
    assert.match(tag, /^W\/"[^"]+"$/)
    // Ranges that come to the same have one tag, and then one content.
    assert.equal(contents.get(tag) ?? answer.content, answer.content, target)
    contents.set(tag, answer.content)
    if (target === ofLong.at(-1)) assert.is(contents.size, ofLong.length)
  }
  // Either order is sent as dfs, and says so.
  for (const order of ['dfs', 'unk']) {
    const answer = await ask(get(`/ipfs/${folder}?format=car&car-order=${order}`))
    assert.match(answer.header('content-type'), 'order=dfs')
  }
})

test('§5.6 entity-bytes outside of a file are refused', async () => {
  const { long } = duties.world
  assert.is(await statusOf(get(`/ipfs/${long}?format=car&dag-scope=entity&entity-bytes=5000:6000`)), 400)
  assert.is(await statusOf(get(`/ipfs/${long}?format=car&dag-scope=entity&entity-bytes=1026:*`)), 400)
  assert.is(await statusOf(get(`/ipfs/${long}?format=car&dag-scope=entity&entity-bytes=1025:9999`)), 200)
})

test('§5.7 a scope that is none, and entity-bytes that cannot be read, are refused', async () => {
  const { long } = duties.world
  const wrong = [
    'dag-scope=foo',
    'dag-scope=',
    ...['a:b', '5:1', '*:5', '5', ':', '1:2:3', '0x1:2'].map(bytes => `entity-bytes=${bytes}`),
  ]
  for (const query of wrong) assert.is(await statusOf(get(`/ipfs/${long}?format=car&${query}`)), 400, query)
})

test('§5.8 another version of CARs is refused, never answered with v1', async () => {
  const { alphabet } = duties.world
  assert.is(await statusOf(get(`/ipfs/${alphabet}?format=car&car-version=2`)), 400)
  const byAccept = await ask(get(`/ipfs/${alphabet}`, 'Accept: application/vnd.ipld.car; version=2'))
  assert.ok(byAccept.status === 400 || byAccept.status === 406, `${byAccept.status}`)
})

test('§5.9 a block lost in the middle cuts the answer', async () => {
  const { broken, holed } = duties.world
  for (const target of [
    `${broken}/big`,
    `${broken}/big?format=tar`,
    `${broken}?format=car`,
    `${holed}?format=car`,
    `${holed}`,
  ]) {
    const answer = await ask(get(`/ipfs/${target}`))
    assert.is(answer.status === 200 && answer.isWhole, false, target)
  }
  const begun = await ask(get(`/ipfs/${broken}/big`))
  assert.is(begun.status, 200)
  assert.ok(begun.content.byteLength > 0 && begun.content.byteLength < 300_000)
})

test('§5.10 what is not here is 404 at once on a gateway that does not search', async () => {
  for (const query of ['', '?format=raw', '?format=car', '?format=tar', '/a/b'])
    assert.is(await statusOf(get(missing(query))), 404, query)
})

test('§5.11 the probe of a trustless gateway', async () => {
  for (const host of ['127.0.0.1', 'trust.test']) {
    const raw = await ask(on(host, '/ipfs/bafkqaaa?format=raw'))
    assert.equal([raw.status, raw.content.byteLength, raw.header('content-length')], [200, 0, '0'])
    const car = await ask(on(host, '/ipfs/bafkqaaa?format=car'))
    const { roots } = decode<{ roots: unknown[] }>(car.content.subarray(1, 1 + (car.content[0] ?? 0)))
    assert.equal([car.status, roots.map(String)], [200, ['bafkqaaa']])
    for (const format of ['raw', 'car']) {
      const probe = await ask(head(on(host, `/ipfs/bafkqaaa?format=${format}`)))
      assert.equal([probe.status, probe.body.byteLength], [200, 0])
      assert.match(probe.header('content-type'), `application/vnd.ipld.${format}`)
    }
  }
})

test('§5.12 a trustless host gives raw blocks by their CID alone, and says what is missing', async () => {
  const { folder, alphabet } = duties.world
  const status = (target: string, ...headers: string[]) => statusOf(on('trust.test', `/ipfs/${target}`, ...headers))
  assert.is(await status(`${alphabet}?format=raw`), 200)
  assert.is(await status(`${folder}/a.txt?format=car`), 200)
  assert.is(await status(`${folder}/a.txt?format=raw`), 406)
  assert.is(await status(`${folder}/a.txt`, 'Accept: text/html'), 406)
  assert.is(await status(`${alphabet}`), 400)
})

test('§5.13 ranges do not apply to CARs and TARs', async () => {
  const { folder } = duties.world
  for (const format of ['car', 'tar']) {
    const answer = await ask(get(`/ipfs/${folder}?format=${format}`, 'Range: bytes=0-9'))
    assert.is(answer.status, 200)
    assert.is(answer.headers.has('content-range'), false)
    assert.is(answer.header('accept-ranges'), 'none', format)
    assert.ok(answer.content.byteLength > 100)
  }
})

test('§5.14 a file with a time says it, and is compared by it', async () => {
  const data = new UnixFS({ type: 'file', data: Buffer.from('dated'), mtime: { secs: 1_600_000_000n } })
  const dated = putNode(duties.world.memory, data)
  const told = 'Sun, 13 Sep 2020 12:26:40 GMT'
  assert.is((await ask(get(`/ipfs/${dated}`))).header('last-modified'), told)
  assert.is(await statusOf(get(`/ipfs/${dated}`, `If-Modified-Since: ${told}`)), 304)
  assert.is(await statusOf(get(`/ipfs/${dated}`, 'If-Modified-Since: Sun, 13 Sep 2020 12:26:39 GMT')), 200)
  assert.is(await statusOf(get(`/ipfs/${dated}`, `If-Modified-Since: ${told}`, 'If-None-Match: "other"')), 200)
  const undated = await ask(get(`/ipfs/${duties.world.alphabet}`, `If-Modified-Since: ${told}`))
  assert.equal([undated.status, undated.headers.has('last-modified')], [200, false])
})

test('§5.15 a range behind the end is 416 with the size', async () => {
  for (const target of [`/ipfs/${duties.world.alphabet}`, `/ipfs/${duties.world.alphabet}?format=raw`]) {
    const answer = await ask(get(target, 'Range: bytes=99999-'))
    assert.equal([answer.status, answer.header('content-range')], [416, 'bytes */26'])
    assert.is(Number(answer.header('content-length')), answer.content.byteLength)
  }
})

test('§5.16 If-Range, If-Match, If-Unmodified-Since', async () => {
  const { alphabet, memory } = duties.world
  const [file, tag] = [`/ipfs/${alphabet}`, `"${alphabet}"`]
  const status = (target: string, ...headers: string[]) => statusOf(get(target, ...headers))
  assert.is(await status(file, 'Range: bytes=0-1', `If-Range: ${tag}`), 206)
  assert.is(await status(file, 'Range: bytes=0-1', `If-Range: W/${tag}`), 200)
  assert.is(await status(file, 'Range: bytes=0-1', 'If-Range: "other"'), 200)
  assert.is(await status(file, `If-Match: "other", ${tag}`), 200)
  assert.is(await status(file, 'If-Match: *'), 200)
  assert.is(await status(file, `If-Match: W/${tag}`), 412)
  const data = new UnixFS({ type: 'file', data: Buffer.from('dated'), mtime: { secs: 1_600_000_000n } })
  const dated = `/ipfs/${putNode(memory, data)}`
  assert.is(await status(dated, 'If-Unmodified-Since: Sun, 13 Sep 2020 12:26:40 GMT'), 200)
  assert.is(await status(dated, 'If-Unmodified-Since: Sun, 13 Sep 2020 12:26:39 GMT'), 412)
  assert.is(await status(dated, 'Range: bytes=0-1', 'If-Range: Sun, 13 Sep 2020 12:26:40 GMT'), 206)
})

test('§5.17 HEAD reads what the head needs, not the content', async () => {
  const memory = new MemoryBlocks()
  const gateway = await startGateway({ memory })
  const file = await gateway.add('big', someBytes(3_000_000), { chunker: 'size-100000' })
  for (const query of ['', '?format=tar', '?format=car', '?filename=a.bin']) {
    memory.reads.length = 0
    const answer = await fetch(`${gateway.url}/ipfs/${file}${query}`, { method: 'HEAD' })
    assert.is(answer.status, 200)
    if (query === '') assert.is(answer.headers.get('content-length'), '3000000')
    assert.ok(memory.reads.length < 10, `${query}: ${memory.reads.length} of ${memory.blocks.size} blocks read`)
  }
  await gateway.close()
})

test('§5.18 429, 502, 503 and 504 say when to come again', () => {
  const temporary = new Set([429, 502, 503, 504])
  const codes = (Object.keys(ERRORS) as ErrorCode[]).filter(code => temporary.has(ERRORS[code].status))
  assert.equal(new Set(codes.map(code => ERRORS[code].status)), temporary)
  for (const code of codes) {
    const { headers } = toFailure(new CairnError(code, 'x'), { log: SILENT, what: 'x' })
    assert.ok(Number(headers['Retry-After']) > 0, code)
  }
})

test('§5.19 download=true saves, with and without a name', async () => {
  const { alphabet, folder } = duties.world
  const sent = async (target: string) => (await ask(get(target))).header('content-disposition')
  assert.match(await sent(`/ipfs/${alphabet}?download=true`), /^attachment; filename="[^"]+"/)
  assert.match(await sent(`/ipfs/${folder}/a.txt?download=true`), 'attachment; filename="a.txt"')
  assert.match(await sent(`/ipfs/${alphabet}?download=true&filename=b.txt`), 'attachment; filename="b.txt"')
  assert.match(await sent(`/ipfs/${alphabet}?filename=b.txt`), 'inline; filename="b.txt"')
})

test('§5.20 a TAR of what is no UnixFS is not acceptable', async () => {
  const { dagCbor, cbor } = duties.world
  for (const cid of [dagCbor, cbor]) assert.is(await statusOf(get(`/ipfs/${cid}?format=tar`)), 406)
})

test('§5.21 there are records of keys alone', async () => {
  const { folder, publisher } = duties.world
  for (const target of [`/ipfs/${folder}`, '/ipns/my-site.example.test', `/ipns/${publisher.name.text}/a.txt`])
    assert.is(await statusOf(get(`${target}?format=ipns-record`)), 400, target)
  const answer = await ask(get(`/ipns/${publisher.name.text}?format=ipns-record`))
  assert.equal([answer.status, maxAge(answer)], [200, 300])
})

test.run()
