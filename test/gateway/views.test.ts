import { createHash } from 'node:crypto'
import { encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { qrCode } from '../../gateway/content/views/qr.ts'
import { SCRIPT } from '../../gateway/content/views/script.ts'
import { DAG_CBOR, DAG_PB, RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'
import { startGateway, type TestGateway, withGateway } from './support.ts'

const HTML = { accept: 'text/html,*/*;q=0.8' }

let gateway: TestGateway
let folder: CID
test.before(async () => {
  gateway = await startGateway({ hosts: ['gw.test'] })
  folder = await gateway.addTree({
    'README.md': '# Hello\n\n<script>alert(1)</script> [x](a.txt)\n',
    'a.txt': 'one <b>\u202etwo\n',
    'b.json': '{"key":["<i>",1]}',
    'c.html': '<script>alert(1)</script>',
    'd.bin': new Uint8Array(5000).fill(0),
    'e.png': new Uint8Array(900),
    'f.mp3': new Uint8Array(900),
    'g.mp4': new Uint8Array(900),
    'h.pdf': '%PDF-1.4\n',
    'i.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'large.png': new Uint8Array(3_000_000),
    sub: { x: 'x' },
  })
})
test.after(() => gateway.close())

const page = async (path: string, headers: Record<string, string> = HTML) => {
  const response = await gateway.get(path, headers)
  return { status: response.status, headers: response.headers, body: await response.text() }
}

test('no page weighs 30 KiB', async () => {
  let most = 0
  for (const path of [
    '/',
    `/ipfs/${folder}/`,
    `/ipfs/${folder}/?cairn=dag`,
    `/ipfs/${folder}/?cairn=share`,
    `/ipfs/${folder}/README.md?cairn=preview`,
    `/ipfs/${folder}/none`,
  ]) {
    const { body } = await page(path)
    most = Math.max(most, body.length)
    assert.ok(body.length < 30 * 1024, `${path}: ${body.length}`)
  }
  console.log(`» views: the heaviest page has ${most} bytes`)
})

test('the policy of a page allows its one script and style by hash, and only its own origin', async () => {
  const { headers, body } = await page(`/ipfs/${folder}/`)
  const policy = headers.get('content-security-policy') ?? ''
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  const [, script = ''] = /<script>([\s\S]*?)<\/script>/.exec(body) ?? []
  const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(body) ?? []
  assert.is(script, SCRIPT)
  assert.ok(policy.includes(`script-src ${hash(script)};`), policy)
  assert.ok(policy.includes(`style-src ${hash(style)};`))
  assert.ok(policy.startsWith("default-src 'none';"))
  assert.not.match(policy, /unsafe|\*/)
  assert.not.match(policy, 'frame-src')
  assert.match(
    (await page(`/ipfs/${folder}/h.pdf?cairn=preview`)).headers.get('content-security-policy') ?? '',
    "frame-src 'self'",
  )
})

test('listing: thumbnails only of small pictures and lazily, players that load nothing, previews of what can be shown', async () => {
  const { body } = await page(`/ipfs/${folder}/`)
  assert.match(body, `<img class="t" loading="lazy" decoding="async" alt="" src="./e.png">`)
  assert.not.match(body, `src="./large.png"`)
  assert.match(body, `<audio controls preload="none" src="./f.mp3"></audio>`)
  assert.match(body, `<video controls preload="none" src="./g.mp4"></video>`)
  for (const name of ['a.txt', 'b.json', 'e.png', 'f.mp3', 'h.pdf'])
    assert.match(body, `href="./${name}?cairn=preview"`)
  for (const name of ['d.bin', 'sub']) assert.not.match(body, `href="./${name}?cairn=preview"`)
})

test('listing: order by name, size and type, either way; anything else is by name', async () => {
  const order = async (sort: string) => {
    const { body, headers } = await page(`/ipfs/${folder}/?sort=${sort}`)
    const names = [...body.matchAll(/<a href="\/ipfs\/[^"?]*">([^<]+)<\/a><a class="ipfs-hash"/g)].map(
      ([, name]) => name,
    )
    assert.is(names.length, 12)
    return { names, etag: headers.get('etag') }
  }
  const byName = await order('name')
  assert.equal(byName.names.slice(0, 3), ['sub', 'a.txt', 'b.json'])
  assert.equal((await order('-name')).names.slice(0, 3), ['sub', 'README.md', 'large.png'])
  assert.is((await order('-size')).names[0], 'large.png')
  assert.is((await order('size')).names.at(-1), 'large.png')
  assert.equal((await order('type')).names.slice(0, 4), ['sub', 'f.mp3', 'c.html', 'b.json'])
  const other = await order('<script>')
  assert.equal(other.names, byName.names)
  assert.is(other.etag, byName.etag)
  assert.is.not((await order('size')).etag, byName.etag)
})

test('listing: the README below it, as markup of ours; from this node alone', async () => {
  const { body } = await page(`/ipfs/${folder}/`)
  assert.match(body, '<h3 id="md-hello">Hello</h3>')
  assert.match(body, '&lt;script&gt;alert(1)&lt;/script&gt; <a href="a.txt">x</a>')
  const near = new MemoryBlocks({ peekable: true })
  const far = new MemoryBlocks({ peekable: true })
  await withGateway({ memory: near, network: far }, async elsewhere => {
    const maker = await startGateway({ memory: far })
    const cid = await maker.addTree({ 'readme.md': '# Far\n', x: 'x' })
    await maker.close()
    far.reads.length = 0
    const without = await (await elsewhere.get(`/ipfs/${cid}/`, HTML)).text()
    assert.not.match(without, 'class="readme"')
    assert.equal(
      far.reads.filter(read => !read.equals(cid)),
      [],
      'no block of an entry was asked for',
    )
    for (const [key, bytes] of far.blocks) near.blocks.set(key, bytes)
    assert.match(await (await elsewhere.get(`/ipfs/${cid}/`, HTML)).text(), '<h3 id="md-far">Far</h3>')
  })
})

test('previews: text as text, JSON as a tree, bytes as hex, media in place; the etag is its own', async () => {
  const shown = async (name: string) => (await page(`/ipfs/${folder}/${name}?cairn=preview`)).body
  assert.match(await shown('a.txt'), 'one &lt;b&gt;\\u202etwo')
  assert.match(
    await shown('b.json'),
    '<b>key</b>: <ul><li><span class="num">0</span>: <span class="str">"&lt;i&gt;"</span>',
  )
  assert.match(await shown('c.html'), '&lt;script&gt;alert(1)&lt;/script&gt;')
  assert.match(await shown('README.md'), '<h2 id="md-hello">Hello</h2>')
  assert.match(await shown('d.bin'), '0000  00 00 00')
  assert.match(await shown('f.mp3'), '<audio controls preload="metadata"')
  assert.match(await shown('h.pdf'), '<iframe class="stage" title="h.pdf"')
  assert.match(await shown('i.svg'), `<img src="/ipfs/${folder}/i.svg" alt="i.svg">`)
  const { headers } = await page(`/ipfs/${folder}/a.txt?cairn=preview`)
  assert.match(headers.get('etag') ?? '', /^"FilePage-[0-9a-f]+_CID-bafk/)
  assert.is(headers.get('content-disposition'), null)
  const again = await gateway.get(`/ipfs/${folder}/a.txt?cairn=preview`, {
    ...HTML,
    'if-none-match': headers.get('etag') ?? '',
  })
  assert.is(again.status, 304)
})

test('only who takes HTML gets pages: to everyone else the parameter means nothing, and so it does to a site', async () => {
  for (const path of [`/ipfs/${folder}/a.txt?cairn=preview`, `/ipfs/${folder}/a.txt?cairn=dag`]) {
    const { headers, body } = await page(path, {})
    assert.is(body, 'one <b>\u202etwo\n')
    assert.match(headers.get('content-type') ?? '', /^text\/plain/)
    assert.is(headers.get('vary'), 'Accept')
  }
  assert.is((await page(`/ipfs/${folder}/a.txt?cairn=unknown`)).body, 'one <b>\u202etwo\n')
  const site = await gateway.addTree({ 'index.html': 'site' })
  assert.is((await page(`/ipfs/${site}/?page=about&sort=x&cairn=preview`)).body, 'site')
})

test('blocks: a folder, a leaf, a document, one of an unknown codec, one that is not what it says', async () => {
  const bytes = encode({ link: folder, nested: { list: [folder, '<x>'] } })
  const document = CID.createV1(DAG_CBOR, sha256(bytes))
  const garbage = Buffer.from('not dag-pb')
  const strange = [
    CID.createV1(0x99, sha256(bytes)),
    CID.createV1(DAG_PB, sha256(garbage)),
    CID.createV1(RAW, sha256(garbage)),
  ]
  gateway.memory.putVerified(document, bytes)
  for (const cid of strange) gateway.memory.putVerified(cid, cid.code === 0x99 ? bytes : garbage)
  const listed = (await page(`/ipfs/${folder}/?cairn=dag`)).body
  assert.match(listed, '<span class="n">README.md</span>')
  assert.match(listed, '<code translate="no">sha2-256</code>')
  const read = await page(`/ipfs/${document}/`)
  assert.match(read.headers.get('etag') ?? '', /^"DagIndex-/)
  assert.is(read.body.match(new RegExp(`<a href="/ipfs/${folder}" translate`, 'g'))?.length, 2)
  assert.match(read.body, '<span class="n">nested/list/0</span>')
  assert.match(read.body, '"&lt;x&gt;"')
  assert.match((await page(`/ipfs/${strange[0]}?cairn=dag`)).body, 'codec 0x99')
  assert.is((await page(`/ipfs/${strange[2]}?cairn=dag`)).status, 200)
  assert.match((await page('/ipfs/bafkqabtimvwgy3yk?cairn=dag')).body, 'no hash at all')
})

test('share: every form of the address, never kept by a cache', async () => {
  const { body, headers } = await page(`/ipfs/${folder}/sub/?cairn=share`)
  assert.match(body, `ipfs://${folder}/sub/`)
  assert.match(body, `http://127.0.0.1:${gateway.server.port}/ipfs/${folder}/sub/<`)
  assert.match(body, 'aria-label="QR code of the link"')
  assert.is(headers.get('cache-control'), 'no-store')
  const evil = await gateway.raw(`GET /ipfs/${folder}/?cairn=share HTTP/1.1\nHost: "><script>\nAccept: text/html`)
  assert.not.match(evil.body.toString(), '"><script>')
})

test('ZIP: for whoever asks', async () => {
  const response = await gateway.get(`/ipfs/${folder}/?cairn=zip`)
  assert.is(response.status, 200)
  assert.is(response.headers.get('content-type'), 'application/zip')
  assert.match(response.headers.get('content-disposition') ?? '', `attachment; filename="${folder}.zip"`)
  assert.is(response.headers.get('etag'), `W/"${folder}.zip"`)
  const archive = Buffer.from(await response.arrayBuffer())
  assert.is(archive.readUInt16LE(archive.length - 12), 14, 'entries')
  assert.ok(archive.includes(`${folder}/sub/x`))
})

test('QR codes: the very dots that another reader of them has read', () => {
  // Read back by ZXing for 110 lengths from 23 to 700 characters; these keep it so.
  const digest = (text: string) =>
    createHash('sha256')
      .update(JSON.stringify(qrCode(text)))
      .digest('hex')
      .slice(0, 16)
  assert.equal(
    ['HELLO', 'https://x.test/ipfs/bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi', 'a'.repeat(600)].map(
      digest,
    ),
    ['3d85c3fe11f6aaf2', '7450343654f4d59f', '27cb0da8620f537d'],
  )
  assert.is(qrCode('x'.repeat(700)), undefined)
})

test.run()
