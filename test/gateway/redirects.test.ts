// `_redirects`: what is a rule, which one a path meets, where it leads, and when the file is read at all (spec: gateway §2.19).

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { locationOf, type Match, matchRules } from '../../gateway/content/redirects/match.ts'
import { parseRedirects } from '../../gateway/content/redirects/parse.ts'
import { isCairnError } from '../../src/errors.ts'
import { type RawAnswer, startGateway, type TestGateway } from './support.ts'

const parse = (text: string) => parseRedirects(Buffer.from(text))
const match = (text: string, path: string): Match | undefined =>
  matchRules(
    parse(text),
    path.split('/').filter(part => part !== ''),
  )
const leads = (text: string, path: string, query = ''): string | undefined => {
  const found = match(text, path)
  return found === undefined ? undefined : locationOf(found, query)
}

function refuses(text: string, words: RegExp | string): void {
  try {
    parse(text)
  } catch (error) {
    assert.ok(isCairnError(error, 'BAD_REDIRECTS'), text)
    assert.match(error.message, 'could not parse _redirects:')
    assert.match(error.message, words)
    return
  }
  assert.unreachable(text)
}

test('_redirects: lines, comments, line ends, the status that is left out', () => {
  const rules = parse('# comment\r\n\r\n/a /b\r\n\t/c   /d  302 \n/e\t/f\t404')
  assert.equal(
    rules.map(({ status }) => status),
    [301, 302, 404],
  )
  assert.is(parse('').length, 0)
})

test('_redirects: every mistake names its line', () => {
  refuses('/a /b\n/only\n', /line 2: missing 'to' path/)
  refuses('/a /b 301 x', /line 1: must match format/)
  refuses('a /b', /line 1: parsing 'from'/)
  refuses('/a*b /c', /line 1: .*must end with/)
  refuses('/:x/:x /c', /":x" is there twice/)
  for (const status of ['301!', '999', '200.0', '304', '418']) refuses(`/a /b ${status}`, `parsing status "${status}"`)
  for (const to of [
    'b',
    '//evil.test',
    '/\\evil.test',
    'javascript:x',
    'ftp://x.test/',
    'https://a@b.test/',
    'https://:splat/',
  ])
    refuses(`/* ${to}`, /line 1: parsing 'to'/)
  refuses('/a https://x.test/ 200', /it must be a path/)
  refuses(`${'/a /b\n'.repeat(1001)}`, /line 1001: there are more than 1000 rules/)
  refuses('#'.repeat(65_537), 'redirects file size cannot exceed 65536 bytes')
})

test('_redirects: the first rule that fits, whole segments, splats with the rest', () => {
  const rules = '/a/:x/c /one\n/a/* /two/:splat\n/:y /three/:y\n/pre* /four'
  assert.is(leads(rules, '/a/b/c'), '/one')
  assert.is(leads(rules, '/a/b/d/'), '/two/b/d')
  assert.is(leads(rules, '/z'), '/three/z')
  assert.is(leads('/pre* /four:splat', '/prefix'), '/fourfix')
  assert.is(leads('/a/* /x', '/a'), undefined)
  assert.is(leads('/* /x', '/'), '/x')
  assert.is(leads('/A /x', '/a'), undefined)
})

test('_redirects: placeholders any number of times, encoded where they land; unknown ones are text', () => {
  assert.is(leads('/:a/:b /:b/:a/:b?q=:a&r=:b#:a', '/x y/a&b'), '/a&b/x%20y/a&b?q=x%20y&r=a%26b#x%20y')
  assert.is(leads('/a https://x.test:8080/:b', '/a'), 'https://x.test:8080/:b')
  assert.is(leads('/:year /:years/:year', '/1'), '/:years/1')
  assert.is(leads('/* /:splat', '//evil.test'), '/evil.test')
  assert.is(leads('/:a /:a', '/\\x'), '/%5Cx')
  assert.is(leads('/ä /ö"<', '/ä'), '/%C3%B6%22%3C')
})

test('_redirects: the query of the request goes along, and replaces what the rule says', () => {
  assert.is(leads('/a /b', '/a', 'x=%2F&y'), '/b?x=%2F&y')
  assert.is(leads('/a /b?y=1&x=2', '/a', 'x=3'), '/b?x=3&y=1')
  assert.is(leads('/a https://x.test/b?y=1#f', '/a', 'y=2'), 'https://x.test/b?y=2#f')
})

let gateway: TestGateway
let root: string

test.before(async () => {
  gateway = await startGateway()
  const rules =
    '/one /two 302\n/page /pages/p.html 200\n/dir /pages 200\n/lost/* /404.html 404\n/legal /404.html 451\n/none /nowhere 404'
  root = String(
    await gateway.addTree({
      _redirects: rules,
      '404.html': '<h1>lost</h1>',
      'here.txt': 'here\n',
      pages: { 'index.html': '<h1>pages</h1>', 'p.html': '<h1>p</h1>' },
    }),
  )
})

test.after(() => gateway.close())

const ask = (path: string, more = '', method = 'GET') =>
  gateway.raw(`${method} ${path} HTTP/1.1\nHost: ${root}.ipfs.localhost${more}`)
const location = ({ headers }: RawAnswer) => headers.get('location')

test('_redirects: a redirect, a page in place, pages for errors', async () => {
  const moved = await ask('/one?a=b')
  assert.equal([moved.status, location(moved)], [302, '/two?a=b'])
  const page = await ask('/page')
  assert.equal([page.status, page.body.toString()], [200, '<h1>p</h1>'])
  assert.is(page.headers.get('x-ipfs-path'), `/ipfs/${root}/page`)
  assert.is((await ask('/page', `\nIf-None-Match: ${page.headers.get('etag')}`)).status, 304)
  assert.is((await ask('/page', '\nRange: bytes=0-3')).body.toString(), '<h1>')
  assert.equal([location(await ask('/dir')), (await ask('/dir/')).body.toString()], ['/dir/', '<h1>pages</h1>'])
  for (const [path, status] of [
    ['/lost/x', 404],
    ['/legal', 451],
  ] as const) {
    const answer = await ask(path, '\nIf-None-Match: *\nRange: bytes=0-3')
    assert.equal([answer.status, answer.body.toString()], [status, '<h1>lost</h1>'])
    assert.is(answer.headers.get('content-type'), 'text/html')
    assert.ok(answer.headers.has('etag') && answer.isWhole)
    assert.is((await ask(path, '', 'HEAD')).status, status)
  }
  assert.is((await ask('/none')).status, 404)
  assert.match((await ask('/nothing')).body.toString(), 'no link named "nothing"')
})

test('_redirects: never on path gateways, never for explicit formats, never for files that are there', async () => {
  assert.is((await gateway.raw(`GET /ipfs/${root}/one HTTP/1.1\nHost: 127.0.0.1`)).status, 404)
  for (const format of ['raw', 'car', 'tar', 'json'])
    assert.is((await ask(`/one?format=${format}`)).status, 404, format)
  assert.is((await ask('/one', '\nAccept: application/vnd.ipld.raw')).status, 404)
  assert.is((await ask('/here.txt')).body.toString(), 'here\n')
})

test.run()
