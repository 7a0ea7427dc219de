import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readCar } from '../../src/dag/car/car-read.ts'
import { Link, startGateway, type TestGateway } from './support.ts'

let gateway: TestGateway
let root: string
let path: string

test.before(async () => {
  gateway = await startGateway()
  const cid = await gateway.addTree({
    'a.txt': 'hello\n',
    data: '{"a":1}',
    link: new Link('a.txt'),
    site: { 'index.html': '<!doctype html><p>home', 'about.html': '<p>about' },
    odd: { index: { 'x.txt': 'x' } },
    strange: { 'index.html': { 'x.txt': 'x' } },
    ą: { ę: { 'file-źł.txt': 'I am a txt file on path with utf8\n' } },
  })
  root = String(cid)
  path = `/ipfs/${root}`
})
test.after(() => gateway.close())

const text = async (target: string, headers?: Record<string, string>) => {
  const response = await gateway.get(target, headers)
  return { status: response.status, headers: response.headers, body: await response.text() }
}

test('a file: bytes, type, length, tag, caching, and where it lies', async () => {
  const { status, headers, body } = await text(`${path}/a.txt`)
  assert.is(status, 200)
  assert.is(body, 'hello\n')
  const roots = headers.get('x-ipfs-roots')?.split(',') ?? []
  assert.is(roots.length, 2)
  assert.is(roots[0], root)
  assert.is(headers.get('etag'), `"${roots[1]}"`)
  assert.is(headers.get('content-type'), 'text/plain; charset=utf-8')
  assert.is(headers.get('content-length'), '6')
  assert.is(headers.get('cache-control'), 'public, max-age=29030400, immutable')
  assert.is(headers.get('accept-ranges'), 'bytes')
  assert.is(headers.get('x-ipfs-path'), `${path}/a.txt`)
  assert.is(headers.get('vary'), 'Accept')
  assert.is(headers.get('content-disposition'), null)
})

test('HEAD has the headers of GET and no body', async () => {
  for (const target of [
    `${path}/a.txt`,
    `${path}/`,
    `${path}/site/`,
    `${path}/link`,
    `${path}?format=raw`,
    `${path}?format=car`,
  ]) {
    const get = await text(target)
    const head = await gateway.raw(`HEAD ${target} HTTP/1.1\nHost: 127.0.0.1`)
    assert.is(head.status, 200, target)
    assert.is(head.body.byteLength, 0)
    for (const name of [
      'content-type',
      'content-length',
      'etag',
      'cache-control',
      'accept-ranges',
      'x-ipfs-roots',
      'content-disposition',
    ]) {
      assert.is(head.headers.get(name) ?? null, get.headers.get(name), `${target} ${name}`)
    }
  }
})

test('?filename and ?download name and save; the name decides the type', async () => {
  const named = await text(`${path}/a.txt?filename=x.css`)
  assert.is(named.headers.get('content-type'), 'text/css; charset=utf-8')
  assert.is(named.headers.get('content-disposition'), `inline; filename="x.css"; filename*=UTF-8''x.css`)
  const saved = await text(`${path}/a.txt?download=true`)
  assert.match(saved.headers.get('content-disposition') ?? '', /^attachment; filename="a\.txt"/)
  const bare = await text(`/ipfs/${await gateway.add('x', 'bare')}?download=true`)
  assert.match(bare.headers.get('content-disposition') ?? '', /^attachment; filename="bafk/)
  const evil = await gateway.raw(`GET ${path}/a.txt?filename=a%0D%0AX-Evil:%201 HTTP/1.1\nHost: x`)
  assert.is(evil.headers.has('x-evil'), false)
})

test('a name without an extension is typed by its bytes', async () => {
  assert.is((await text(`${path}/data`)).headers.get('content-type'), 'application/json')
})

test('a folder without its slash is sent there, query untouched, escapes in upper case', async () => {
  const { status, headers } = await text(`${path}/%c4%85/%c4%99?x=%2f&y=1`)
  assert.is(status, 301)
  assert.is(headers.get('location'), `${path}/%C4%85/%C4%99/?x=%2f&y=1`)
  assert.is((await text(path)).headers.get('location'), `${path}/`)
  assert.is((await text(`${path}?go-get=1`)).status, 200)
})

test('a folder shows its index.html under its own name', async () => {
  const { headers, body } = await text(`${path}/site/`)
  assert.is(body, '<!doctype html><p>home')
  assert.is(headers.get('content-type'), 'text/html')
  const roots = headers.get('x-ipfs-roots')?.split(',') ?? []
  assert.is(roots.length, 2)
  assert.is(headers.get('etag'), `"${roots[1]}"`)
  assert.is(headers.get('cache-control'), 'public, max-age=29030400, immutable')
  assert.is((await text(`${path}/odd/`)).status, 200, 'index is not index.html')
  assert.is((await text(`${path}/strange/`)).status, 422, 'index.html that is a folder')
})

test('a file with a slash is the file; below a file there is nothing', async () => {
  assert.is((await text(`${path}/a.txt/`)).body, 'hello\n')
  const below = await text(`${path}/a.txt/x`)
  assert.is(below.status, 404)
  assert.match(below.body, /^failed to resolve \/ipfs\/.*\/a\.txt\/x: no link named "x" under bafk/)
})

test('a symlink is its target as text, and is not followed', async () => {
  const { headers, body } = await text(`${path}/link`)
  assert.is(body, 'a.txt')
  assert.is(headers.get('content-type'), 'inode/symlink')
  assert.is((await text(`${path}/link/x`)).status, 404)
})

test('a raw block by query or Accept', async () => {
  const { headers, body } = await text(`${path}/a.txt?format=raw`)
  assert.is(body, 'hello\n')
  const cid = headers.get('x-ipfs-roots')?.split(',')[1]
  assert.is(headers.get('content-type'), 'application/vnd.ipld.raw')
  assert.is(headers.get('content-disposition'), `attachment; filename="${cid}.bin"; filename*=UTF-8''${cid}.bin`)
  assert.is(headers.get('x-content-type-options'), 'nosniff')
  assert.is(headers.get('etag'), `"${cid}.raw"`)
  assert.is(headers.get('vary'), null, 'the URL says it all')
  const accepted = await text(`${path}/a.txt?x=1`, { accept: 'application/vnd.ipld.raw' })
  assert.is(accepted.headers.get('content-location'), `${path}/a.txt?format=raw&x=1`)
  assert.is(accepted.headers.get('vary'), 'Accept')
  assert.is((await text(`${path}/site?format=raw`)).status, 200, 'no redirect, no index.html')
})

test('a CAR: path blocks first, then what the scope says', async () => {
  const blocks = async (query: string) => {
    const response = await gateway.get(`${path}/site?format=car&${query}`)
    assert.is(response.status, 200)
    const bytes = new Uint8Array(await response.arrayBuffer())
    const car = readCar(one(bytes), { signal: new AbortController().signal })
    const cids: string[] = []
    for await (const { cid } of car.blocks) cids.push(String(cid))
    return { response, roots: (await car.roots).map(String), cids }
  }
  const all = await blocks('')
  assert.is(all.response.headers.get('content-type'), 'application/vnd.ipld.car; version=1; order=dfs; dups=n')
  assert.is(all.response.headers.get('accept-ranges'), 'none')
  assert.match(all.response.headers.get('content-disposition') ?? '', /^attachment; filename=".*_site\.car"/)
  assert.is(all.cids.length, 4)
  assert.is(all.cids[0], root)
  assert.equal(all.roots, [all.cids[1]])
  assert.is((await blocks('dag-scope=entity')).cids.length, 2)
  assert.is((await blocks('dag-scope=block')).cids.length, 2)
  const tags = await Promise.all(
    ['', 'dag-scope=entity', 'dag-scope=block'].map(async query => (await blocks(query)).response.headers.get('etag')),
  )
  assert.is(new Set(tags).size, 3)
})

async function* one<T>(item: T): AsyncGenerator<T> {
  yield item
}

test('CAR parameters that no CAR has are refused', async () => {
  for (const query of [
    'dag-scope=foo',
    'dag-scope=',
    'car-version=2',
    'car-order=bfs',
    'car-dups=maybe',
    'entity-bytes=a:b',
    'entity-bytes=5:1',
  ]) {
    const { status, headers } = await text(`${path}?format=car&${query}`)
    assert.is(status, 400, query)
    assert.is(headers.get('cache-control'), 'no-store')
  }
  assert.is((await text(path, { accept: 'application/vnd.ipld.car; version=2' })).status, 400)
})

test('the probe of a trustless gateway', async () => {
  const raw = await text('/ipfs/bafkqaaa?format=raw')
  assert.is(raw.status, 200)
  assert.is(raw.body, '')
  const car = await gateway.get('/ipfs/bafkqaaa?format=car')
  assert.is((await car.arrayBuffer()).byteLength, 26)
  assert.is((await gateway.raw('HEAD /ipfs/bafkqaaa?format=car HTTP/1.1\nHost: x')).status, 200)
})

test('identity CIDs need no block', async () => {
  assert.is((await text('/ipfs/bafkqabtimvwgy3yk')).body, 'hello\n')
})

test('formats that a file does not have are 406, formats that nothing has are 400', async () => {
  assert.is((await text(`${path}/a.txt?format=dag-json`)).status, 406)
  assert.is((await text(`${path}/?format=cbor`)).status, 406)
  assert.is((await text(`${path}/a.txt?format=zip`)).status, 400)
  assert.is((await text(`${path}/a.txt?format=ipns-record`)).status, 400)
  assert.is((await text(`${path}/data?format=json`)).status, 200)
})

test('a sharded folder is like any other', async () => {
  const files = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`file-${i}.txt`, `content ${i}\n`]))
  const cid = await gateway.addTree(files, { maxDirectoryLinks: 20, maxHamtFanout: 16 })
  assert.is((await text(`/ipfs/${cid}/file-123.txt`)).body, 'content 123\n')
  assert.is((await text(`/ipfs/${cid}/file-1234.txt`)).status, 404)
  const { body } = await text(`/ipfs/${cid}/`)
  assert.is(body.match(/class="ipfs-hash"/g)?.length, 300)
})

test('CORS is on every kind of answer', async () => {
  for (const target of [
    `${path}/a.txt`,
    `${path}/nope`,
    '/ipfs/nonsense',
    path,
    `${path}/`,
    '/nowhere',
    `${path}?format=zip`,
  ]) {
    assert.is((await gateway.get(target)).headers.get('access-control-allow-origin'), '*', target)
  }
  const preflight = await fetch(`${gateway.url}${path}/nope`, { method: 'OPTIONS' })
  assert.is(preflight.status, 200)
  assert.is(preflight.headers.get('allow'), 'GET, HEAD, OPTIONS')
  assert.match(preflight.headers.get('access-control-allow-headers') ?? '', 'Range')
})

test('content can only be read', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    const response = await fetch(`${gateway.url}${path}/a.txt`, { method, body: 'x' })
    assert.is(response.status, 405, method)
    assert.is(response.headers.get('allow'), 'GET, HEAD, OPTIONS')
  }
  assert.is((await fetch(`${gateway.url}/api/v0/version`, { method: 'POST' })).status, 404)
})

test('paths that are wrong: status, words, and no caching', async () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['/ipfs/QmInvalidCID', 400, /invalid path "\/ipfs\/QmInvalidCID"/],
    ['/ipfs/', 400, /invalid path "\/ipfs\/"/],
    ['/ipfs', 400, /invalid path/],
    [`${path}/nope`, 404, /no link named "nope"/],
    [`${path}/a%00b`, 404, /no link named "a\\x00b"/],
    [`${path}/a%1bb`, 404, /no link named "a\\x1bb"/],
    [`${path}/site%2Fabout.html`, 404, /no link named/],
    [`${path}/..`, 400, /leads? out/],
    [`${path}/%2e%2e/${root}`, 400, /leads? out/],
    [`${path}/%zz`, 400, /percent-encoded/],
    [`${path}/${'x'.repeat(9000)}`, 414, /more than 8192/],
    [`${path}${'/a'.repeat(1100)}`, 414, /more than 1024/],
    ['/ipfs/bafkreig2h27z44zbxwgvw7l7xhfjmihjgl5m6ayel5d4xgfb3xfxyqtbsu', 404, /failed to resolve/],
    ['/nowhere', 404, /\/nowhere/],
    [`/${root}`, 404, /./],
    ['/ipns/example.org', 502, /failed to resolve/],
  ]
  for (const [target, status, words] of cases) {
    const answer = await gateway.raw(`GET ${target} HTTP/1.1\nHost: 127.0.0.1`)
    assert.is(answer.status, status, target.slice(0, 100))
    assert.match(answer.body.toString(), words)
    assert.is(answer.headers.get('cache-control'), 'no-store')
    assert.is(answer.headers.has('etag'), false)
  }
})

test('dots inside the root are walked, not redirected', async () => {
  assert.is((await gateway.raw(`GET ${path}/site/../a.txt HTTP/1.1\nHost: x`)).body.toString(), 'hello\n')
  assert.is((await gateway.raw(`GET ${path}//./a.txt HTTP/1.1\nHost: x`)).body.toString(), 'hello\n')
})

test('a service worker may not be registered for a whole root of a path gateway', async () => {
  const headers = { 'service-worker': 'script' }
  assert.is((await text(path, headers)).status, 400)
  assert.is((await text('/ipns/example.org', headers)).status, 400)
  assert.is((await text(`${path}/site/`, headers)).status, 200)
  assert.is((await text(`${path}/a.txt`, headers)).status, 200)
})

test('a doubled namespace is taken away, a wrong one refused', async () => {
  assert.is((await text(`/ipfs/ipfs/${root}/a.txt?x=1`)).headers.get('location'), `${path}/a.txt?x=1`)
  assert.is((await text('/ipfs/ipfs/nonsense')).status, 400)
  assert.is((await text('/ipfs/ipns/example.org/a')).headers.get('location'), '/ipns/example.org/a')
})

test('a protocol handler is sent to the content path', async () => {
  const { status, headers } = await text(`/ipfs/?uri=${encodeURIComponent(`ipfs://${root}/a.txt`)}`)
  assert.is(status, 301)
  assert.is(headers.get('location'), `${path}/a.txt`)
  assert.is((await text(`/ipfs/?uri=javascript%3Aalert(1)`)).status, 400)
  assert.is((await text(`${path}/a.txt?uri=ipfs%3A%2F%2F${root}`)).body, 'hello\n')
})

test.run()
