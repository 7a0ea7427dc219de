import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkConditions, httpDate, rangeApplies } from '../../gateway/content/conditional.ts'
import { startGateway, type TestGateway } from './support.ts'

const tag = { etag: '"bafy"' }
const dated = { etag: '"bafy"', modifiedSecs: 1_000_000_000 }
const AT = 'Sun, 09 Sep 2001 01:46:40 GMT'
const BEFORE = 'Sun, 09 Sep 2001 01:46:39 GMT'
const AFTER = 'Mon, 10 Sep 2001 01:46:40 GMT'

test('If-None-Match: weak comparison over a list, any quoting of W/, and *', () => {
  for (const header of ['"bafy"', 'W/"bafy"', 'w/"bafy"', '"x", "y","bafy"', '*', ' * ', '"a,b", W/"bafy"']) {
    assert.is(checkConditions({ 'if-none-match': header }, tag), 'not-modified', header)
  }
  for (const header of ['"other"', 'bafy', '"bafy', '', '"*"', 'W/', '"BAFY"']) {
    assert.is(checkConditions({ 'if-none-match': header }, tag), 'serve', header)
  }
  assert.is(checkConditions({ 'if-none-match': '"bafy"' }, { etag: 'W/"bafy"' }), 'not-modified')
})

test('If-Match: strong comparison, else 412', () => {
  assert.is(checkConditions({ 'if-match': '"x", "bafy"' }, tag), 'serve')
  assert.is(checkConditions({ 'if-match': '*' }, tag), 'serve')
  assert.is(checkConditions({ 'if-match': '"x"' }, tag), 'failed')
  assert.is(checkConditions({ 'if-match': 'W/"bafy"' }, tag), 'failed')
  assert.is(checkConditions({ 'if-match': '"bafy"', 'if-none-match': '"bafy"' }, tag), 'not-modified')
})

test('dates count only where a time is known, and only without a tag', () => {
  assert.is(checkConditions({ 'if-modified-since': AT }, dated), 'not-modified')
  assert.is(checkConditions({ 'if-modified-since': BEFORE }, dated), 'serve')
  assert.is(checkConditions({ 'if-modified-since': AFTER }, tag), 'serve')
  assert.is(checkConditions({ 'if-modified-since': AFTER, 'if-none-match': '"x"' }, dated), 'serve')
  assert.is(checkConditions({ 'if-modified-since': 'yesterday' }, dated), 'serve')
  assert.is(checkConditions({ 'if-unmodified-since': AT }, dated), 'serve')
  assert.is(checkConditions({ 'if-unmodified-since': BEFORE }, dated), 'failed')
  assert.is(checkConditions({ 'if-unmodified-since': BEFORE }, tag), 'serve')
})

test('the three forms of a date, and nothing else', () => {
  const at = Date.UTC(2001, 8, 9, 1, 46, 40) / 1000
  assert.is(httpDate(AT), at)
  assert.is(httpDate('Sunday, 09-Sep-01 01:46:40 GMT'), at)
  assert.is(httpDate('Sun Sep  9 01:46:40 2001'), at)
  assert.is(httpDate('Sunday, 09-Sep-99 01:46:40 GMT'), Date.UTC(1999, 8, 9, 1, 46, 40) / 1000)
  for (const text of [undefined, '', '2001-09-09T01:46:40Z', 'Sun, 09 Xyz 2001 01:46:40 GMT', '1000000000']) {
    assert.is(httpDate(text), undefined)
  }
})

test('If-Range needs the same strong tag, or the same time', () => {
  assert.ok(rangeApplies({}, tag))
  assert.ok(rangeApplies({ 'if-range': '"bafy"' }, tag))
  assert.not(rangeApplies({ 'if-range': 'W/"bafy"' }, tag))
  assert.not(rangeApplies({ 'if-range': '"other"' }, tag))
  assert.ok(rangeApplies({ 'if-range': AT }, dated))
  assert.not(rangeApplies({ 'if-range': AFTER }, dated))
  assert.not(rangeApplies({ 'if-range': AT }, tag))
})

let gateway: TestGateway
let path: string
test.before(async () => {
  gateway = await startGateway()
  path = `/ipfs/${await gateway.addTree({ 'a.txt': 'hello\n', site: { 'index.html': '<p>hi' }, list: { x: 'x' } })}`
})
test.after(() => gateway.close())

test('304 has the tag and the caching of the 200, and no body', async () => {
  for (const target of [
    `${path}/a.txt`,
    `${path}/site/`,
    `${path}/list/`,
    `${path}/a.txt?format=raw`,
    `${path}?format=car`,
  ]) {
    const full = await gateway.get(target)
    const etag = full.headers.get('etag') ?? ''
    const cached = await gateway.raw(`GET ${target} HTTP/1.1\nHost: x\nIf-None-Match: "a", W/${etag.replace('W/', '')}`)
    assert.is(cached.status, 304, target)
    assert.is(cached.headers.get('etag'), etag)
    assert.is(cached.headers.get('cache-control'), full.headers.get('cache-control'))
    assert.is(cached.headers.get('access-control-allow-origin'), '*')
    assert.is(cached.headers.has('content-length'), false)
    assert.is(cached.body.byteLength, 0)
  }
})

test('conditions do not turn an error or a redirect into 304', async () => {
  const status = async (target: string) => (await gateway.get(target, { 'if-none-match': '*' })).status
  assert.is(await status(`${path}/nope`), 404)
  assert.is(await status(`${path}/list`), 301)
  assert.is(await status('/ipfs/bafkreig2h27z44zbxwgvw7l7xhfjmihjgl5m6ayel5d4xgfb3xfxyqtbsu'), 404)
  assert.is(await status('/ipfs/bafkreig2h27z44zbxwgvw7l7xhfjmihjgl5m6ayel5d4xgfb3xfxyqtbsu?format=car'), 404)
})

test('412 when another version is wanted', async () => {
  const response = await gateway.get(`${path}/a.txt`, { 'if-match': '"other"' })
  assert.is(response.status, 412)
  assert.is(response.headers.get('cache-control'), 'no-store')
})

test('a file with a time says it, and answers by it', async () => {
  const cid = await gateway.add('dated', 'dated\n', { mtime: 1_000_000_000, rawLeaves: false })
  assert.is((await gateway.get(`/ipfs/${cid}`)).headers.get('last-modified'), AT)
  assert.is((await gateway.get(`/ipfs/${cid}`, { 'if-modified-since': AT })).status, 304)
  assert.is((await gateway.get(`/ipfs/${cid}`, { 'if-modified-since': BEFORE })).status, 200)
})

test.run()
