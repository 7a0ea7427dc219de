import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { renderError } from '../../gateway/content/views/error.ts'
import { STYLE } from '../../gateway/content/views/style.ts'
import { Link, startGateway, type TestGateway } from './support.ts'

let gateway: TestGateway
test.before(async () => {
  gateway = await startGateway({ hosts: ['gw.test'] })
})
test.after(() => gateway.close())

const page = async (path: string, headers: Record<string, string> = { accept: 'text/html' }) => {
  const response = await gateway.get(path, headers)
  return { status: response.status, headers: response.headers, body: await response.text() }
}

test('the front page says what this is, has a field that needs no script, and a command', async () => {
  const { status, headers, body } = await page('/')
  assert.is(status, 200)
  assert.match(headers.get('content-type') ?? '', /^text\/html/)
  assert.match(body, 'IPFS gateway')
  assert.match(body, '<form method="get" action="/"')
  assert.match(body, 'cairn add photo.jpg')
  assert.not.match(body, '<script')
  assert.ok(body.length < 30 * 1024)
})

test('the field leads to the content, whatever was pasted; what is none comes back with the reason', async () => {
  const cid = 'bafkreidrysan7e6wvyxr56wrir6gnskslyyweggpkh6i3hwyglznv4mlom'
  for (const input of [cid, `ipfs://${cid}`, `https://dweb.link/ipfs/${cid}`, ` /ipfs/${cid}`]) {
    const { status, headers } = await page(`/?uri=${encodeURIComponent(input)}`)
    assert.is(status, 303)
    assert.is(headers.get('location'), `/ipfs/${cid}`)
  }
  const wrong = await page(`/?uri=${encodeURIComponent('"><script>alert(1)</script>')}`)
  assert.is(wrong.status, 400)
  assert.match(wrong.body, 'role="alert"')
  assert.match(wrong.body, 'value="&quot;&gt;&lt;script&gt;')
  assert.not.match(wrong.body, '<script')
  assert.is((await page('/?uri=')).status, 200)
})

test("the node's state is for its own machine alone", async () => {
  const state = async (head: string) =>
    (await gateway.raw(`GET / HTTP/1.1\n${head}`)).body.toString().includes('12D3KooWPeer')
  assert.ok(await state('Host: 127.0.0.1:8080'))
  assert.ok(await state('Host: localhost'))
  assert.not(await state('Host: gw.test'), 'a name that was pointed here')
  assert.not(await state('Host: localhost.evil.test'))
  assert.not(await state('Host: localhost\nX-Forwarded-For: 203.0.113.9'), 'a proxy on this machine')
  assert.not(await state('Host: localhost\nSec-Fetch-Dest: empty'), 'a page that fetches it')
  assert.not(await state('Host: localhost\nSec-Fetch-Dest: iframe'))
  const { headers } = await page('/')
  assert.is(headers.get('access-control-allow-origin'), null)
  assert.is(headers.get('cross-origin-opener-policy'), 'same-origin')
  assert.is(headers.get('cache-control'), 'no-store')
})

test('the front page does not wait for a network that is not up', async () => {
  const never = { peers: () => new Promise<never>(() => {}), connect: async () => ({ id: '' }) }
  const lonely = await startGateway({ mode: 'public', node: { swarm: never } })
  assert.match(await (await lonely.get('/')).text(), 'not connected')
  await lonely.close()
  const failing = { peers: () => Promise.reject(new Error('no network')), connect: async () => ({ id: '' }) }
  const broken = await startGateway({ mode: 'public', node: { swarm: failing } })
  assert.match(await (await broken.get('/')).text(), 'not connected')
  await broken.close()
})

test('pages may do nothing but be read', async () => {
  const cid = await gateway.addTree({ x: 'x' })
  for (const path of ['/', `/ipfs/${cid}/`, '/ipfs/nonsense']) {
    const { headers, body } = await page(path)
    const policy = headers.get('content-security-policy') ?? ''
    assert.match(policy, "default-src 'none'")
    assert.match(policy, "frame-ancestors 'none'")
    assert.match(policy, "base-uri 'none'")
    assert.is(headers.get('x-content-type-options'), 'nosniff')
    assert.not.match(body, / (?:style|on[a-z]+)="/, 'no inline style or handler')
    assert.match(body, '<html lang="en">')
    assert.match(body, '<main')
  }
  assert.match((await page('/')).headers.get('content-security-policy') ?? '', "form-action 'self' *.ipfs.gw.test:*")
})

test('a listing: names, sizes, kinds, CIDs, the way up and down', async () => {
  const cid = await gateway.addTree({
    ą: {
      ę: {
        'file-źł.txt': 'I am a txt file on path with utf8\n',
        sub: { x: 'x' },
        'big.jpg': new Uint8Array(2_500_000),
        soft: new Link('x'),
      },
    },
  })
  const { body, headers } = await page(`/ipfs/${cid}/ą/ę/`)
  assert.match(headers.get('etag') ?? '', /^"DirIndex-[0-9a-f]+_CID-bafy/)
  assert.is(headers.get('cache-control'), 'public, max-age=604800, stale-while-revalidate=2678400')
  assert.match(body, 'Index of')
  assert.match(
    body,
    `/ipfs/<a href="/ipfs/${cid}">${cid}</a>/<a href="/ipfs/${cid}/%C4%85">ą</a>/<a href="/ipfs/${cid}/%C4%85/%C4%99">ę</a>`,
  )
  assert.match(body, `<a href="/ipfs/${cid}/%C4%85/%C4%99/..">..</a>`)
  assert.match(body, `<a href="/ipfs/${cid}/%C4%85/%C4%99/file-%C5%BA%C5%82.txt">file-źł.txt</a>`)
  assert.match(
    body,
    /<a class="ipfs-hash" translate="no" href="\/ipfs\/bafk[a-z0-9]+\?filename=file-%25C5%25BA%25C5%2582\.txt">/,
  )
  assert.match(body, '34 B')
  assert.match(body, '2.4 MiB')
  for (const kind of ['folder', 'image', 'text', 'link', 'parent folder']) assert.match(body, `aria-label="${kind}"`)
  assert.ok(body.indexOf('>sub<') < body.indexOf('>big.jpg<'), 'folders come first')
  assert.not.match((await page(`/ipfs/${cid}/`)).body, '>..</a>')
})

test('names of others are text, whatever is in them', async () => {
  const names = [
    '<script>alert(1)</script>',
    'a"b\'c&d',
    'rtl-\u202egpj.txt',
    'tab\there',
    'line\nbreak',
    'javascript:alert(1)',
    'a#b?c',
    '%2F',
  ]
  const cid = await gateway.addTree({ '<b>bold</b>': Object.fromEntries(names.map(name => [name, 'x'])) })
  const { body } = await page(`/ipfs/${cid}/%3Cb%3Ebold%3C%2Fb%3E/`)
  assert.not.match(body, '<script>alert')
  assert.is(body.match(/<script/g)?.length, 1, 'our own')
  assert.not.match(body, '<b>bold')
  assert.match(body, '&lt;script&gt;alert(1)&lt;/script&gt;')
  assert.match(body, 'a&quot;b&#39;c&amp;d')
  assert.match(body, 'rtl-\\u202egpj.txt')
  assert.match(body, 'line\\x0abreak')
  assert.not.match(body, '\u202e')
  assert.match(body, '/a%23b%3Fc"')
  assert.not.match(body, 'href="javascript:')
})

test('a long listing comes in pages', async () => {
  const files = Object.fromEntries(Array.from({ length: 2100 }, (_, i) => [`f${String(i).padStart(5, '0')}`, '']))
  const cid = await gateway.addTree(files, { maxDirectoryLinks: 5000 })
  const rows = (body: string) => body.match(/class="ipfs-hash"/g)?.length
  const first = await page(`/ipfs/${cid}/`)
  assert.is(rows(first.body), 1000)
  assert.match(first.body, 'href="?page=2"')
  assert.match(first.body, 'entries 1 to 1,000')
  assert.not.match(first.body, 'rel="prev"')
  const last = await page(`/ipfs/${cid}/?page=3`)
  assert.is(rows(last.body), 100)
  assert.match(last.body, '>f02099<')
  assert.match(last.body, 'entries 2,001 to 2,100')
  assert.not.match(last.body, 'rel="next"')
  assert.is.not(last.headers.get('etag'), first.headers.get('etag'))
  assert.is((await page(`/ipfs/${cid}/?page=4`)).status, 404)
  assert.is((await page(`/ipfs/${cid}/?page=0`)).status, 400)
  assert.is((await page(`/ipfs/${cid}/?page=x`)).status, 400)
  assert.is((await page(`/ipfs/${cid}/?page=99999999`)).status, 413)
})

test('a listing reads no block of its entries', async () => {
  const cid = await gateway.addTree({ a: 'a', b: { c: 'c' } })
  gateway.memory.reads.length = 0
  assert.is((await page(`/ipfs/${cid}/`)).status, 200)
  assert.is(gateway.memory.reads.filter(read => !read.equals(cid)).length, 0)
})

test('an empty folder says so', async () => {
  assert.match((await page(`/ipfs/${await gateway.addTree({})}/`)).body, 'This folder is empty.')
})

test('an error is a page for browsers and text for everything else', async () => {
  const html = await page('/ipfs/nonsense')
  assert.is(html.status, 400)
  assert.match(html.headers.get('content-type') ?? '', /^text\/html/)
  assert.match(html.body, 'This is not a content address')
  assert.match(html.body, 'What you can do')
  assert.is(html.headers.get('vary'), 'Accept')
  const text = await page('/ipfs/nonsense', {})
  assert.match(text.headers.get('content-type') ?? '', /^text\/plain/)
  assert.match(text.body, /^invalid path "\/ipfs\/nonsense"/)
})

test('a fault of this program shows a reference, never its reason', async () => {
  const broken = await startGateway({
    content: {
      resolve: () => Promise.reject(new TypeError('cannot read /secret/place')),
    },
  })
  for (const accept of ['text/html', '*/*']) {
    const response = await broken.get('/ipfs/bafkqaaa', { accept })
    const body = await response.text()
    assert.is(response.status, 500)
    assert.match(body, /[0-9a-f]{8}/)
    assert.not.match(body, 'secret')
    assert.not.match(body, 'TypeError')
  }
  await broken.close()
})

test('what an error page shows of others is text', async () => {
  const html = String(
    await renderError({
      status: 504,
      title: 'T',
      message: '<i>\u202e',
      path: '/ipfs/<x>',
      tried: ['peer <b>'],
      advice: [],
      actions: [],
      reference: '',
      home: '/',
    }),
  )
  for (const part of ['<i>', '<x>', '<b>', '\u202e', 'What you can do']) assert.not.match(html, part)
  assert.match(html, 'peer &lt;b&gt;')
})

test('text and its ground differ enough in both schemes (WCAG AA)', () => {
  const [light = '', dark = ''] = STYLE.match(/:root\{[^}]*\}/g) ?? []
  const pairs: readonly (readonly [string, string, number])[] = [
    ['ink', 'ground', 7],
    ['ink', 'sheet', 7],
    ['ink', 'code', 7],
    ['soft', 'ground', 4.5],
    ['soft', 'sheet', 4.5],
    ['soft', 'code', 4.5],
    ['soft', 'wash', 4.5],
    ['moss', 'ground', 4.5],
    ['moss', 'sheet', 4.5],
    ['ground', 'moss', 4.5],
    ['icon', 'sheet', 3],
    ['icon', 'wash', 3],
  ]
  for (const scheme of [light, dark]) {
    const color = (name: string) => new RegExp(`--${name}:(#[0-9a-f]{6})`).exec(scheme)?.[1] ?? ''
    for (const [front, back, least] of pairs) {
      const ratio = contrast(color(front), color(back))
      assert.ok(ratio >= least, `${front} on ${back}: ${ratio.toFixed(2)}`)
    }
  }
})

function contrast(a: string, b: string): number {
  const [lighter = 0, darker = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (lighter + 0.05) / (darker + 0.05)
}

function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map(at => Number.parseInt(color.slice(at, at + 2), 16) / 255)
    .map(part => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

test.run()
