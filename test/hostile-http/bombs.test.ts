import { encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DAG_CBOR } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { MiB } from '../../src/units.ts'
import { startApi } from '../gateway/api-support.ts'
import { startGateway, type TestGateway } from '../gateway/support.ts'
import { talk } from './wire.ts'

const FILE = Buffer.alloc(10_000, 'x')
let gateway: TestGateway
let file: string
let folder: string

test.before(async () => {
  gateway = await startGateway({ hosts: ['localhost', 'gw.test'] })
  file = `/ipfs/${await gateway.add('file.txt', FILE)}`
  folder = `/ipfs/${await gateway.addTree({ a: { b: 'b' }, 'index.txt': 'i' })}`
})

test.after(() => gateway.close())

interface Bomb {
  readonly target?: string
  readonly headers?: string
  readonly host?: string
  readonly method?: string
  /** What must come: one status, or one of several. */
  readonly want: number | readonly number[]
  readonly says?: string
}

const times = (count: number, text: string | ((index: number) => string)): string =>
  Array.from({ length: count }, (_, index) => (typeof text === 'string' ? text : text(index))).join('')

const TAG = (path: string) => `"${path.slice(6)}"`

function bombs(): Record<string, Bomb> {
  const header = (headers: string, want: Bomb['want']): Bomb => ({ target: file, headers: `${headers}\r\n`, want })
  const path = (rest: string, want: Bomb['want'], host?: string): Bomb => ({
    target: `${folder}${rest}`,
    want,
    ...(host && { host }),
  })
  return {
    // Heads
    '99 headers': header(times(98, i => `X-${i}: y\r\n`).slice(0, -2), 200),
    '101 headers': header(times(101, i => `X-${i}: y\r\n`).slice(0, -2), 431),
    '3,000 headers': header(times(3000, 'a:b\r\n').slice(0, -2), 431),
    '100,000 headers': header(times(100_000, 'a:b\r\n').slice(0, -2), 431),
    'a header of 15 KiB': header(`X: ${'y'.repeat(15_000)}`, 200),
    'a header of 17 KiB': header(`X: ${'y'.repeat(17_000)}`, 431),
    'a header of 16 MiB': header(`X: ${'y'.repeat(16 * MiB)}`, 431),
    'a name of 1 MiB': header(`${'y'.repeat(MiB)}: x`, 431),
    'a host of 10 KiB': { target: file, host: 'y'.repeat(10_000), want: 200 },
    'a host of 5,000 labels': { target: file, host: `${times(5000, 'a.')}test`, want: [200, 400, 404, 500, 502, 504] },
    'a host of 5,000 labels below a gateway': { target: '/', host: `${times(5000, 'a.')}ipfs.gw.test`, want: 400 },
    '3,000 forwarded hosts': header(`X-Forwarded-Host: ${times(3000, 'x, ')}x`, 200),
    // Paths
    'a path of 64 KiB': path(`/${'a'.repeat(65_536)}`, 431),
    'a path of 1 MiB': path(`/${'a'.repeat(MiB)}`, 431),
    'a path of 10 KiB': path(`/${'a'.repeat(10_000)}`, 414),
    'a path of 10 KiB to a subdomain': path(`/${'a'.repeat(10_000)}`, 414, 'gw.test'),
    '10,000 segments': path('/a'.repeat(10_000), 431),
    '4,000 segments': path('/a'.repeat(4000), 414),
    '1,025 segments': path('/a'.repeat(1025), 414),
    '1,024 segments': path('/a'.repeat(1024), 404),
    '8,000 slashes': path('/'.repeat(8000), [200, 301, 404]),
    '100,000 %2F': path(`/${'%2F'.repeat(100_000)}`, 431),
    '2,700 %2F': path(`/${'%2F'.repeat(2700)}`, 404),
    '2,700 ..': path('/..'.repeat(2700), 400),
    '1,300 a/..': path('/a/..'.repeat(1300), [200, 301]),
    '900 %2e%2e': path('/%2e%2e'.repeat(900), 400),
    '4,000 .': path('/.'.repeat(4000), [200, 301]),
    '2,700 broken escapes': path(`/${'%zz'.repeat(2700)}`, 400),
    '2,600 escapes of no UTF-8': path(`/${'%ff'.repeat(2600)}`, 404),
    'a CID of 8 KiB in base32': { target: `/ipfs/b${'a'.repeat(8000)}`, want: 400, says: 'longer than any CID' },
    'a CID of 8 KiB in base58': { target: `/ipfs/z${'Q'.repeat(8000)}`, want: 400, says: 'longer than any CID' },
    'a CID of 8 KiB in base36': { target: `/ipfs/k${'z'.repeat(8000)}`, want: 400, says: 'longer than any CID' },
    'a CIDv0 of 8 KiB': { target: `/ipfs/Qm${'z'.repeat(8000)}`, want: 400, says: 'longer than any CID' },
    'a CID of 15 KiB in base10': { target: `/ipfs/9${'1'.repeat(15_000)}`, want: 400, says: 'longer than any CID' },
    'a key of 8 KiB': { target: `/ipns/k51${'z'.repeat(8000)}`, want: [400, 404, 414] },
    'a name of 8 KiB': { target: `/ipns/${times(4000, 'a.')}test`, want: [400, 404, 414] },
    'a name of 15 KiB': { target: `/ipns/${'a'.repeat(15_000)}`, want: [400, 414] },
    'a target in absolute form of 15 KiB': { target: `http://x${folder}/${'a'.repeat(15_000)}`, want: 414 },
    // Queries
    'a query of 15 KiB': { target: `${file}?${'a'.repeat(15_000)}`, want: 200 },
    '5,000 parameters': { target: `${file}?${'a&'.repeat(5000)}`, want: 200 },
    '1,000 formats': { target: `${file}?${'format=raw&'.repeat(1000)}`, want: 200 },
    'a format of 15 KiB': { target: `${file}?format=${'a'.repeat(15_000)}`, want: 400 },
    'a filename of 15 KiB': { target: `${file}?filename=${'a'.repeat(15_000)}`, want: 200 },
    'a filename of 5,000 escapes': { target: `${file}?filename=${'%E2%98%83'.repeat(1600)}`, want: 200 },
    'entity-bytes of 15,000 digits': {
      target: `${file}?format=car&entity-bytes=0:${'9'.repeat(15_000)}`,
      want: [200, 400],
    },
    'a page of 15,000 digits': { target: `${folder}/?page=${'9'.repeat(15_000)}`, want: 400 },
    'the last page that there may be': { target: `${folder}/?page=999999999`, want: 413 },
    'a uri of 15 KiB': { target: `/ipfs/?uri=ipfs://${'a'.repeat(15_000)}`, want: 400 },
    'a uri in a uri in a uri': { target: `/ipfs/?uri=${'ipfs%3A%2F%2F%3Furi%3D'.repeat(500)}`, want: 400 },
    // Negotiation
    'Accept of 15 KiB': header(`Accept: ${'a'.repeat(15_000)}`, 200),
    'Accept of 1,000 types': header(`Accept: ${times(1000, i => `a/b${i}, `)}*/*`, 200),
    'Accept of 2,000 quality values': header(`Accept: text/html${';q=0.1'.repeat(2000)}`, 200),
    'Accept of 7,000 commas': header(`Accept: ${', '.repeat(7000)}`, 200),
    'Accept of a CAR with 1,000 parameters': header(
      `Accept: application/vnd.ipld.car${';order=dfs'.repeat(1000)}`,
      200,
    ),
    'Accept of blanks and quotes': header(`Accept: a/b;x="${'\\"'.repeat(7000)}`, 200),
    'Accept-Language of 1,000': header(`Accept-Language: ${times(1000, i => `x-${i};q=0.${i}, `)}`, 200),
    // Conditions
    'If-None-Match of 3,900 tags': header(`If-None-Match: ${'"a",'.repeat(3900)}"b"`, 200),
    'If-None-Match of 3,500 tags, the last one right': header(`If-None-Match: ${'"a",'.repeat(3500)}${TAG(file)}`, 304),
    'If-None-Match of 10,000 tags': header(`If-None-Match: ${'"a",'.repeat(10_000)}"b"`, 431),
    'If-None-Match of 15,000 quotes': header(`If-None-Match: ${'"'.repeat(15_001)}`, 200),
    'If-None-Match of 7,000 W/': header(`If-None-Match: ${'W/'.repeat(7000)}`, 200),
    'If-Modified-Since of 15 KiB': header(`If-Modified-Since: ${'Mon, '.repeat(3000)}`, 200),
    'If-Range of 15 KiB': header(`Range: bytes=0-1\r\nIf-Range: ${'"a"'.repeat(4500)}`, 200),
    // Ranges
    '4,000 ranges': header(`Range: bytes=${'0-,'.repeat(3999)}0-`, 200),
    '4,000 suffixes': header(`Range: bytes=${'-1,'.repeat(3999)}-1`, 200),
    '1,400 ranges of one byte': header(`Range: bytes=${times(1400, i => `${i}-${i},`)}0-0`, 200),
    '9 ranges': header(`Range: bytes=${times(8, i => `${i}-${i},`)}9-9`, 200),
    '8 ranges': header(`Range: bytes=${times(7, i => `${i}-${i},`)}9-9`, 206),
    '8 ranges of all': header(`Range: bytes=${'0-,'.repeat(7)}0-`, 200),
    '8 ranges that overlap': header(`Range: bytes=${times(7, '0-9998,')}0-9`, 200),
    'a range of 15,000 digits': header(`Range: bytes=0-${'9'.repeat(15_000)}`, 206),
    'a range that begins at 15,000 digits': header(`Range: bytes=${'9'.repeat(15_000)}-`, 416),
    'a range of 15,000 commas': header(`Range: bytes=${','.repeat(15_000)}`, 200),
    'a range of 15,000 blanks': header(`Range: bytes=${' '.repeat(15_000)}0-1`, 206),
    'a range unit of 15 KiB': header(`Range: ${'b'.repeat(15_000)}=0-1`, 200),
    // Others
    'a method of 15 KiB': { method: 'A'.repeat(15_000), target: file, want: 400 },
    'Cache-Control of 1,000 words': header(`Cache-Control: ${'only-if, '.repeat(1000)}`, 200),
    'Cookie of 15 KiB': header(`Cookie: ${'a=b; '.repeat(3000)}`, 200),
    'traceparent of 15 KiB': header(`traceparent: 00-${'a'.repeat(15_000)}`, 200),
  }
}

test('bombs in heads, paths, queries, negotiation, conditions and ranges', async () => {
  const all = Object.entries(bombs())
  const wrong: string[] = []
  let [slowestMs, slowest, largest] = [0, '', 0]
  for (const [name, { method = 'GET', target = file, host = 'x', headers = '', want, says = '' }] of all) {
    const before = process.cpuUsage()
    const bytes = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`
    const { answers } = await talk(gateway.server.port, bytes, { after: 1 })
    const [answer] = answers
    const { user, system } = process.cpuUsage(before)
    if (user + system > slowestMs * 1000) [slowestMs, slowest] = [(user + system) / 1000, name]
    const wanted = typeof want === 'number' ? [want] : want
    if (answer === undefined || !wanted.includes(answer.status) || !answer.isWhole)
      wrong.push(`${name}: ${answer?.status ?? 'nothing'}, not ${wanted}: ${answer?.body.toString().slice(0, 100)}`)
    assert.match(answer?.body.toString() ?? '', says)
    largest = Math.max(largest, answer?.head.length ?? 0)
    // What is asked for many times is given once.
    assert.ok((answer?.body.byteLength ?? 0) <= 2 * FILE.byteLength, `${name}: ${answer?.body.byteLength} bytes`)
  }
  assert.equal(wrong, [])
  assert.ok(largest <= 64 * 1024, `a head of ${largest} bytes`)
  const control = await gateway.get(file)
  assert.ok(FILE.equals(Buffer.from(await control.arrayBuffer())))
  console.log(
    `\n» bombs: ${all.length}/${all.length} answered as they must be; at most ${Math.round(slowestMs)} ms of CPU (${slowest})`,
  )
})

test('1,000 requests in one go are answered in their order', async () => {
  const cids = await Promise.all(Array.from({ length: 50 }, (_, i) => gateway.add(`${i}`, `file ${i}\n`)))
  const order = Array.from({ length: 1000 }, (_, i) => (i * 7) % 50)
  const bytes = order.map(i => `GET /ipfs/${cids[i]} HTTP/1.1\r\nHost: x\r\n\r\n`).join('')
  const { answers, rest } = await talk(
    gateway.server.port,
    `${bytes}GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
  )
  assert.is(answers.length, 1001)
  assert.is(rest.byteLength, 0)
  for (const [index, i] of order.entries()) assert.is(answers[index]?.body.toString(), `file ${i}\n`)
})

test('a document of two million values is not taken apart for a page', async () => {
  const bytes = encode(new Array(2_000_000).fill(0))
  const cid = CID.createV1(DAG_CBOR, sha256(bytes))
  gateway.memory.putVerified(cid, bytes)
  const page = await gateway.get(`/ipfs/${cid}/`, { accept: 'text/html' })
  assert.is(page.status, 200)
  assert.match(await page.text(), 'is not taken apart here')
  const whole = await gateway.get(`/ipfs/${cid}?format=raw`)
  assert.ok(Buffer.from(bytes).equals(Buffer.from(await whole.arrayBuffer())))
})

test('bombs in the body of an upload', async () => {
  const api = await startApi()
  const part = (head: string, content = '') => `--b\r\n${head}\r\n\r\n${content}\r\n`
  const named = (name: string, content = 'x') =>
    part(`Content-Disposition: form-data; name="file"; filename="${name}"`, content)
  const post = (body: string | Buffer, type = 'multipart/form-data; boundary=b') => [
    `POST /api/v0/add?pin=false HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`,
    body,
  ]
  const all: Record<string, readonly [pieces: readonly (string | Buffer)[], want: readonly number[]]> = {
    'a head of a part without end': [post(`--b\r\n${'a'.repeat(4 * MiB)}`), [500]],
    'a part with 100,000 headers': [post(part('a: b\r\n'.repeat(100_000))), [500]],
    '4 MiB without a boundary': [post(Buffer.alloc(4 * MiB, '-')), [500]],
    'a boundary of 15 KiB': [post('x', `multipart/form-data; boundary=${'b'.repeat(15_000)}`), [400, 500]],
    '5,000 parts without content': [post(`${times(5000, i => named(`f${i}`, ''))}--b--\r\n`), [200]],
    'a name of 8 KiB': [post(`${named('a'.repeat(8000))}--b--\r\n`), [200, 500]],
    'a name of 5,000 folders': [post(`${named('a%2F'.repeat(3000))}--b--\r\n`), [200, 500]],
    'the same boundary inside': [
      post(`${part('Content-Type: multipart/mixed; boundary=b', named('x'))}--b--\r\n`),
      [500],
    ],
    'parts that are cut': [post(named('x').slice(0, 40)), [500]],
  }
  for (const [name, [pieces, want]] of Object.entries(all)) {
    const { answers } = await talk(api.port, pieces, { after: 1 })
    assert.ok(
      want.includes(answers[0]?.status ?? 0),
      `${name}: ${answers[0]?.head} ${answers[0]?.body.toString().slice(0, 200)}`,
    )
    assert.not.match(answers[0]?.body.toString() ?? '', /internal error|RangeError|TypeError/)
  }
  const parameters = `arg=a&`.repeat(2000)
  const many = await talk(
    api.port,
    `POST /api/v0/block/get?${parameters} HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\n\r\n`,
    { after: 1 },
  )
  assert.ok([400, 500].includes(many.answers[0]?.status ?? 0))
  assert.ok((await api.add('still here\n')).startsWith('Qm'))
  await api.close()
})

test.run()
