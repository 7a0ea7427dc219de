import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chooseRanges } from '../../gateway/content/ranges.ts'
import { scanLinks } from '../../src/block/links.ts'
import { startGateway, type TestGateway } from './support.ts'

const one = (offset: number, length: number) => [{ offset, length }]

test('one range: closed, open, suffix, clamped', () => {
  assert.equal(chooseRanges('bytes=2-5', 26), one(2, 4))
  assert.equal(chooseRanges('bytes=20-', 26), one(20, 6))
  assert.equal(chooseRanges('bytes=-4', 26), one(22, 4))
  assert.equal(chooseRanges('bytes=-100', 26), one(0, 26))
  assert.equal(chooseRanges('bytes=24-999', 26), one(24, 2))
  assert.equal(chooseRanges('bytes=0-99999999999999999999999', 26), one(0, 26))
  assert.equal(chooseRanges('BYTES=0-0', 26), one(0, 1))
  assert.equal(chooseRanges('bytes= 1-3', 26), one(1, 3))
})

test('what is not there is unsatisfiable, unless part of the list is there', () => {
  assert.is(chooseRanges('bytes=26-', 26), 'unsatisfiable')
  assert.is(chooseRanges('bytes=100-200', 26), 'unsatisfiable')
  assert.is(chooseRanges('bytes=-0', 26), 'unsatisfiable')
  assert.is(chooseRanges('bytes=98-99,100-', 26), 'unsatisfiable')
  assert.equal(chooseRanges('bytes=0-1,99-100', 26), one(0, 2))
})

test('what is no range is ignored', () => {
  for (const header of [
    undefined,
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'bytes=5-2',
    'bytes=9999999999999999999998-9999999999999999999997',
    'bytes=+1-3',
    'bytes=1 -3',
    'bytes=-5-3',
    'bytes=0x1-0x3',
    'bytes=0-1;2-3',
    'bytes=1.5-2',
    'items=0-3',
  ]) {
    assert.is(chooseRanges(header, 26), 'whole', header)
  }
  assert.is(chooseRanges('bytes=0-0', 0), 'whole', 'an empty file has no range')
})

test('several ranges keep their order; too many, or more than the whole, are ignored', () => {
  assert.equal(chooseRanges('bytes=20-21, 0-1,,-1', 26), [
    { offset: 20, length: 2 },
    { offset: 0, length: 2 },
    { offset: 25, length: 1 },
  ])
  assert.is(chooseRanges(`bytes=${Array.from({ length: 9 }, (_, i) => `${i}-${i}`)}`, 1000), 'whole')
  assert.is((chooseRanges(`bytes=${Array.from({ length: 8 }, (_, i) => `${i}-${i}`)}`, 1000) as unknown[]).length, 8)
  assert.is(chooseRanges('bytes=0-25,0-25', 26), 'whole')
})

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz'
let gateway: TestGateway
let path: string
test.before(async () => {
  gateway = await startGateway()
  path = `/ipfs/${await gateway.addTree({ 'a.txt': ALPHABET, empty: '' })}`
})
test.after(() => gateway.close())

test('a range over HTTP: status, headers and bytes; HEAD has the same headers', async () => {
  const response = await gateway.get(`${path}/a.txt`, { range: 'bytes=2-5' })
  assert.is(response.status, 206)
  assert.is(await response.text(), 'cdef')
  assert.is(response.headers.get('content-range'), 'bytes 2-5/26')
  assert.is(response.headers.get('content-length'), '4')
  assert.is(response.headers.get('content-type'), 'text/plain; charset=utf-8')
  const head = await fetch(`${gateway.url}${path}/a.txt`, { method: 'HEAD', headers: { range: 'bytes=2-5' } })
  assert.is(head.status, 206)
  for (const name of ['content-range', 'content-length', 'content-type', 'etag']) {
    assert.is(head.headers.get(name), response.headers.get(name), name)
  }
})

test('416 says how long the file is and must not be cached', async () => {
  const response = await gateway.get(`${path}/a.txt`, { range: 'bytes=26-' })
  assert.is(response.status, 416)
  assert.is(response.headers.get('content-range'), 'bytes */26')
  assert.is(response.headers.get('cache-control'), 'no-store')
})

test('several ranges come as parts with exactly these headers, and the length announced', async () => {
  const answer = await gateway.raw(`GET ${path}/a.txt HTTP/1.1\nHost: x\nRange: bytes=20-21,0-1`)
  assert.is(answer.status, 206)
  assert.ok(answer.isWhole)
  const type = answer.headers.get('content-type') ?? ''
  assert.match(type, /^multipart\/byteranges; boundary=[0-9a-f]{24}$/)
  const boundary = type.split('=')[1]
  const part = (range: string, text: string) =>
    `\r\n--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes ${range}/26\r\n\r\n${text}`
  assert.is(answer.body.toString(), `${part('20-21', 'uv')}${part('0-1', 'ab')}\r\n--${boundary}--\r\n`)
  assert.is(answer.headers.has('content-range'), false)
})

test('If-Range: a range only of the same bytes', async () => {
  const etag = (await gateway.get(`${path}/a.txt`)).headers.get('etag') ?? ''
  const status = async (value: string) =>
    (await gateway.get(`${path}/a.txt`, { range: 'bytes=0-1', 'if-range': value })).status
  assert.is(await status(etag), 206)
  assert.is(await status('"other"'), 200)
  assert.is(await status(`W/${etag}`), 200)
  assert.is(await status('Sun, 09 Sep 2001 01:46:40 GMT'), 200)
})

test('an empty file answers every range with its nothing', async () => {
  for (const range of ['bytes=0-0', 'bytes=-1', 'bytes=5-']) {
    const response = await gateway.get(`${path}/empty`, { range })
    assert.is(response.status, 200)
    assert.is(await response.text(), '')
  }
})

test('ranges apply to raw blocks, and not to listings and CARs', async () => {
  const raw = await gateway.get(`${path}/a.txt?format=raw`, { range: 'bytes=-3' })
  assert.is(raw.status, 206)
  assert.is(await raw.text(), 'xyz')
  assert.is((await gateway.get(`${path}/`, { range: 'bytes=0-1' })).status, 200)
  const car = await gateway.get(`${path}?format=car`, { range: 'bytes=0-1' })
  assert.is(car.status, 200)
  assert.is(car.headers.get('accept-ranges'), 'none')
})

test('bytes of a file can be had while a block elsewhere in it is missing', async () => {
  const cid = await gateway.add('big.bin', ['x', 'y', 'z'].map(letter => letter.repeat(1000)).join(''), {
    chunker: 'size-1000',
    rawLeaves: false,
  })
  const root = await gateway.memory.get(cid, { signal: new AbortController().signal })
  const [, middle] = scanLinks(cid.code, root)
  assert.ok(middle !== undefined && gateway.memory.delete(middle))
  const status = async (range: string) => (await gateway.get(`/ipfs/${cid}`, { range })).status
  assert.is(await status('bytes=0-99'), 206)
  assert.is(await status('bytes=2200-2201'), 206)
  assert.is(await status('bytes=1500-1501'), 404)
})

test.run()
