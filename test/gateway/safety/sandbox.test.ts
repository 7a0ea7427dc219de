import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sandboxFor } from '../../../gateway/safety/sandbox.ts'
import { withGateway } from '../support.ts'

const FILES = {
  'page.html': '<!doctype html><script>1</script>',
  'pic.svg': '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
  'feed.xml': '<?xml version="1.0"?><a/>',
  'x.xhtml': '<html xmlns="http://www.w3.org/1999/xhtml"><script>1</script></html>',
  'a.txt': 'text',
  'p.png': Buffer.from('89504e470d0a1a0a', 'hex'),
  'd.pdf': '%PDF-1.7',
}
const ACTIVE = ['page.html', 'pic.svg', 'feed.xml', 'x.xhtml']

test('pages of content run as nobody where all content shares one origin', async () => {
  await withGateway({ hosts: ['gw.test'] }, async gateway => {
    const root = await gateway.addTree({ ...FILES, site: { 'index.html': '<h1>site</h1>' } })
    const policyOf = async (path: string, host = '127.0.0.1', more = '') =>
      (await gateway.raw(`GET ${path} HTTP/1.1\nHost: ${host}${more}`)).headers.get('content-security-policy')
    for (const name of Object.keys(FILES)) {
      const policy = await policyOf(`/ipfs/${root}/${name}`)
      if (ACTIVE.includes(name)) {
        assert.match(policy ?? '', /^sandbox /, name)
        assert.not.match(policy ?? '', 'allow-same-origin')
      } else assert.is(policy, undefined, name)
    }
    assert.match((await policyOf(`/ipfs/${root}/site/`)) ?? '', /^sandbox /)
    assert.match((await policyOf(`/ipfs/${root}/page.html`, 'x', '\nRange: bytes=0-3')) ?? '', /^sandbox /)
    assert.match((await policyOf(`/ipfs/${root}/a.txt?filename=x.html`)) ?? '', /^sandbox /)
    assert.is(await policyOf('/page.html', `${root}.ipfs.gw.test`), undefined, 'an origin of its own needs none')
    assert.match((await policyOf(`/ipfs/${root}/?format=html`, 'x', '\nAccept: text/html')) ?? '', "default-src 'none'")
  })
})

test('gateway.sandbox=false leaves pages as they are', async () => {
  await withGateway({ config: { sandbox: false } }, async gateway => {
    const cid = await gateway.add('page.html', '<!doctype html>')
    const { headers } = await gateway.get(`/ipfs/${cid}?filename=page.html`)
    assert.is(headers.get('content-type'), 'text/html')
    assert.is(headers.get('content-security-policy'), null)
  })
})

test('types that run scripts when they are opened', () => {
  for (const type of ['text/html', 'text/html; charset=utf-8', 'image/svg+xml', 'application/atom+xml', 'text/xml'])
    assert.ok(sandboxFor(type) !== undefined, type)
  for (const type of [
    'text/plain; charset=utf-8',
    'image/png',
    'application/json',
    'application/octet-stream',
    'video/mp4',
  ])
    assert.is(sandboxFor(type), undefined, type)
})

test.run()
