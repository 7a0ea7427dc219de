import { chmodSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { signAddress } from '../../../gateway/safety/sign-address.ts'
import { type Grant, PARAMETER, parseClient } from '../../../gateway/safety/signature.ts'
import { loadSigningKey, signingKeyRing } from '../../../gateway/safety/signing-keys.ts'
import { logged, refused, type SafeGateway, safeGateway } from './support.ts'

const soon = () => Math.floor(Date.now() / 1000) + 3600
const tokenOf = (address: string) => new URLSearchParams(address.split('?')[1]).get(PARAMETER) ?? ''

/** What `cairn sign` would print. */
function sign({ repo }: SafeGateway, text: string, grant: Partial<Grant> = {}): string {
  const keyName = grant.keyName ?? 'main'
  const key = loadSigningKey(repo, keyName, { create: true })
  return signAddress(text, { keyName, expiresSecs: soon(), ...grant }, key).address
}

async function site(safe: SafeGateway): Promise<CID> {
  return safe.store({
    open: { 'a.txt': 'a', 'page.html': '<a href="b.html">b</a>', 'b.html': 'b', sub: { 'index.html': 'sub' } },
    other: { 'c.txt': 'c' },
    _redirects: '/old/* https://elsewhere.test/:splat 302\n/near/* /open/:splat 302',
  })
}

test('required: nothing without a signature, everything below what was signed with one', async () => {
  await using safe = await safeGateway({ config: { signedUrls: 'required' } })
  const { gateway } = safe
  const root = await site(safe)
  const before = refused('signature')
  const bare = await gateway.get(`/ipfs/${root}/open/a.txt`)
  assert.is(bare.status, 403)
  assert.is(bare.headers.get('cache-control'), 'no-store')
  assert.match(await bare.text(), 'signed addresses only')
  assert.is(refused('signature'), before + 1)
  const signed = tokenOf(sign(safe, `/ipfs/${root}/open`))
  const status = async (path: string) =>
    (await gateway.get(`/ipfs/${root}/${path}${path.includes('?') ? '&' : '?'}${PARAMETER}=${signed}`)).status
  assert.is(await status('open/a.txt'), 200)
  assert.is(await status('open/sub/'), 200)
  assert.is(await status('open/?format=car'), 200)
  assert.is(await status('open/nothing'), 404)
  for (const path of ['other/c.txt', '', 'open/../other/c.txt', 'opened', 'other/open/a.txt'])
    assert.is(await status(path), 403, path)
  assert.is((await gateway.get('/')).status, 200, 'the front page is no content')
  const listing = await gateway.get(`/ipfs/${root}/open/?${PARAMETER}=${signed}`, { accept: 'text/html' })
  assert.is(listing.status, 200)
  assert.not.match(await listing.text(), signed, 'pages do not tell it on')
})

test('what a signature opened is private to caches, for no longer than it holds', async () => {
  await using safe = await safeGateway({ config: { signedUrls: 'required' } })
  const { gateway } = safe
  const root = await site(safe)
  const address = sign(safe, `/ipfs/${root}/open/a.txt`, { expiresSecs: Math.floor(Date.now() / 1000) + 100 })
  const { headers, status } = await gateway.get(address)
  assert.is(status, 200)
  const [, maxAge] = /^private, max-age=(\d+)$/.exec(headers.get('cache-control') ?? '') ?? []
  assert.ok(Number(maxAge) > 80 && Number(maxAge) <= 100)
  assert.match(headers.get('vary') ?? '', 'Cookie')
  assert.is(headers.get('referrer-policy'), 'no-referrer')
  const kept = await gateway.get(address, { 'if-none-match': headers.get('etag') ?? '' })
  assert.is(kept.status, 304)
  assert.match(kept.headers.get('cache-control') ?? '', /^private, /)
  const slash = await gateway.get(sign(safe, `/ipfs/${root}/open/sub`))
  assert.is(slash.status, 301)
  assert.match(slash.headers.get('location') ?? '', new RegExp(`^/ipfs/${root}/open/sub/\\?${PARAMETER}=1\\.main\\.`))
  assert.is(slash.headers.get('cache-control'), 'private, no-store')
})

test('a signature holds in every spelling and on every kind of host, and for nothing else', async () => {
  await using safe = await safeGateway({
    hosts: ['gw.test'],
    dnslinks: ['site.test:/ipfs/bafkqaaa'],
    config: { signedUrls: 'required' },
  })
  const { gateway } = safe
  const root = await site(safe)
  const token = tokenOf(sign(safe, `https://${root}.ipfs.gw.test/open/`))
  assert.is(token.split('.')[3], '1', 'one segment deep')
  const ask = async (host: string, path: string, more = '') => gateway.raw(`GET ${path} HTTP/1.1\nHost: ${host}${more}`)
  assert.is((await ask('x', `/ipfs/${root}/open/a.txt?${PARAMETER}=${token}`)).status, 200)
  assert.is((await ask(`${root}.ipfs.gw.test`, `/open/a.txt?${PARAMETER}=${token}`)).status, 200)
  assert.is((await ask(`${root}.ipfs.gw.test`, '/open/a.txt')).status, 403)
  const moved = await ask('gw.test', `/ipfs/${root}/open/a.txt?${PARAMETER}=${token}`)
  assert.is(moved.headers.get('location'), `http://${root}.ipfs.gw.test/open/a.txt?${PARAMETER}=${token}`)
  const named = tokenOf(sign(safe, '/ipns/site.test'))
  assert.is((await ask('site.test', `/?${PARAMETER}=${named}`)).status, 200)
  assert.is((await ask('x', `/ipns/SITE.test?${PARAMETER}=${named}`)).status, 200)
  assert.is((await ask('site.test', `/?${PARAMETER}=${token}`)).status, 403)
  assert.is((await ask('x', `/ipfs/bafkqaaa?${PARAMETER}=${named}`)).status, 403)
})

test('a person who opens a page gets a cookie and a clean address; what the page loads works, others learn nothing', async () => {
  await using safe = await safeGateway({ hosts: ['gw.test'], config: { signedUrls: 'required' } })
  const { gateway } = safe
  const root = await site(safe)
  const token = tokenOf(sign(safe, `/ipfs/${root}/open`))
  const host = `${root}.ipfs.gw.test`
  const visit = '\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: document'
  const ask = async (path: string, more = '', at = host) => gateway.raw(`GET ${path} HTTP/1.1\nHost: ${at}${more}`)
  const first = await ask(`/open/page.html?x=%2F&${PARAMETER}=${token}&y=1`, visit)
  assert.is(first.status, 303)
  assert.is(first.headers.get('location'), '/open/page.html?x=%2F&y=1')
  const cookie = first.headers.get('set-cookie') ?? ''
  assert.match(cookie, /^cairn-signature-[\w-]{8}=1\.main\..*; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/)
  assert.is(first.headers.get('cache-control'), 'no-store')
  const secure = await ask(`/open/?${PARAMETER}=${token}`, `${visit}\nX-Forwarded-Proto: https`)
  assert.match(secure.headers.get('set-cookie') ?? '', /; Secure$/)
  const jar = `\nCookie: theme=dark; ${cookie.split(';', 1)[0]}; other=1`
  assert.is((await ask('/open/page.html?x=%2F&y=1', visit + jar)).status, 200)
  assert.is((await ask('/open/b.html', jar)).status, 200)
  assert.is((await ask('/other/c.txt', jar)).status, 403)
  const onPath = await ask(`/ipfs/${root}/open/?${PARAMETER}=${token}`, visit, 'x')
  assert.match(onPath.headers.get('set-cookie') ?? '', `; Path=/ipfs/${root};`)
  const tricky = await ask(`//evil.test/?%63airn-signature=${token}`, visit)
  assert.is(tricky.status, 403)
  const encoded = await ask(`/open/?%63airn-signature=${token}`, visit)
  assert.is(encoded.headers.get('location'), '/open/', 'an encoded name does not lead round in circles')
})

test('rules of a site send no signature to other hosts', async () => {
  await using safe = await safeGateway({ hosts: ['gw.test'], config: { signedUrls: 'required' } })
  const root = await site(safe)
  const token = tokenOf(sign(safe, `/ipfs/${root}`))
  const ask = async (path: string) => safe.gateway.raw(`GET ${path} HTTP/1.1\nHost: ${root}.ipfs.gw.test`)
  const out = await ask(`/old/page?q=1&${PARAMETER}=${token}`)
  assert.is(out.headers.get('location'), 'https://elsewhere.test/page?q=1')
  const near = await ask(`/near/a.txt?${PARAMETER}=${token}`)
  assert.is(near.headers.get('location'), `/open/a.txt?${PARAMETER}=${token}`)
})

test('beyond: signatures give what gateway.access does not; what is open to all needs none', async () => {
  for (const access of ['local', 'pinned'] as const) {
    await using safe = await safeGateway({ config: { signedUrls: 'beyond', access } })
    const { gateway, node } = safe
    const open = await safe.store({ 'a.txt': 'open' })
    await node.pins.add(open, { signal: new AbortController().signal })
    const there = await safe.elsewhere({ 'b.txt': 'elsewhere' })
    assert.is((await gateway.get(`/ipfs/${open}/a.txt`)).status, 200)
    assert.match((await gateway.get(`/ipfs/${open}/a.txt`)).headers.get('cache-control') ?? '', 'public')
    assert.is((await gateway.get(`/ipfs/${there}/b.txt`)).status, 404)
    assert.is((await gateway.get(`/ipfs/${open}/a.txt?${PARAMETER}=rubbish`)).status, 403)
    const signed = await gateway.get(sign(safe, `/ipfs/${there}/b.txt`))
    assert.is(signed.status, 200, access)
    assert.is(await signed.text(), 'elsewhere')
    assert.match(signed.headers.get('cache-control') ?? '', 'private')
  }
})

test('required does not lift gateway.access, nor a denylist', async () => {
  await using safe = await safeGateway({ config: { signedUrls: 'required', access: 'local' } })
  const there = await safe.elsewhere({ 'b.txt': 'elsewhere' })
  assert.is((await safe.gateway.get(sign(safe, `/ipfs/${there}/b.txt`))).status, 404)
})

test('off: the parameter means nothing', async () => {
  await using safe = await safeGateway()
  const root = await site(safe)
  const { status, headers } = await safe.gateway.get(`/ipfs/${root}/open/a.txt?${PARAMETER}=1.x`)
  assert.is(status, 200)
  assert.match(headers.get('cache-control') ?? '', 'immutable')
})

test('an expired one, one of another key, host or client, and every changed byte of it are refused', async () => {
  await using safe = await safeGateway({ proxies: ['127.0.0.1'], config: { signedUrls: 'required' } })
  const { gateway } = safe
  const root = await site(safe)
  const path = `/ipfs/${root}/open/a.txt`
  const ask = async (address: string, headers: Record<string, string> = {}) => gateway.get(address, headers)
  const expired = await ask(sign(safe, path, { expiresSecs: Math.floor(Date.now() / 1000) - 1 }))
  assert.is(expired.status, 403)
  assert.match(await expired.text(), 'it has expired')
  const good = sign(safe, path)
  assert.is((await ask(good)).status, 200)
  const token = tokenOf(good)
  let changed = 0
  for (let at = 0; at < token.length; at++) {
    const other = token[at] === 'A' ? 'B' : 'A'
    const forged = token.slice(0, at) + other + token.slice(at + 1)
    // The last digit of base64url has two bits that say nothing.
    if (
      Buffer.from(forged.split('.')[5] ?? '', 'base64url').equals(
        Buffer.from(token.split('.')[5] ?? '', 'base64url'),
      ) &&
      forged.startsWith(token.slice(0, token.lastIndexOf('.')))
    )
      continue
    assert.is((await ask(`${path}?${PARAMETER}=${forged}`)).status, 403, forged)
    changed++
  }
  assert.ok(changed > 50)
  const forClient = sign(safe, path, { client: parseClient('203.0.113.0/24') })
  assert.is((await ask(forClient, { 'x-forwarded-for': '203.0.113.200' })).status, 200)
  assert.is((await ask(forClient, { 'x-forwarded-for': '203.0.114.200' })).status, 403)
  assert.is((await ask(forClient.replace('.c24.', '.c1.'), { 'x-forwarded-for': '203.0.113.200' })).status, 403)
  assert.is((await ask(forClient.replace('.c24.', '..'), { 'x-forwarded-for': '203.0.113.200' })).status, 403)
  const forHost = tokenOf(sign(safe, path, { host: 'one.test' }))
  const onHost = async (host: string) =>
    (await gateway.raw(`GET ${path}?${PARAMETER}=${forHost} HTTP/1.1\nHost: ${host}`)).status
  assert.is(await onHost('ONE.test'), 200)
  assert.is(await onHost('two.test'), 403)
})

test('keys: several at once, files that only the owner can read, taken away within seconds, in no log', async () => {
  const { log, lines } = logged()
  await using safe = await safeGateway({ log, config: { signedUrls: 'required' } })
  const { repo, gateway } = safe
  const root = await site(safe)
  const folder = join(repo, 'signing-keys')
  const addresses = ['old', 'new'].map(keyName => sign(safe, `/ipfs/${root}/open/a.txt`, { keyName }))
  assert.equal(readdirSync(folder).sort(), ['new', 'old'])
  for (const name of ['new', 'old']) assert.is(statSync(join(folder, name)).mode & 0o777, 0o600)
  assert.is(statSync(folder).mode & 0o777, 0o700)
  for (const address of addresses) assert.is((await gateway.get(address)).status, 200)
  const ring = signingKeyRing(repo, log)
  assert.ok(ring('old') !== undefined)
  rmSync(join(folder, 'old'))
  chmodSync(join(folder, 'new'), 0o644)
  assert.throws(() => loadSigningKey(repo, 'new', { create: true }), /can be read by others/)
  const fresh = signingKeyRing(repo, log)
  assert.is(fresh('old'), undefined)
  assert.is(fresh('new'), undefined, 'a key that others can read is none')
  for (const name of ['../config.json', 'A', '', 'x'.repeat(33)])
    assert.throws(() => loadSigningKey(repo, name, { create: true }), /is no name for a key/)
  await gateway.get(`/ipfs/${root}/open/missing?${PARAMETER}=${tokenOf(addresses[0] ?? '')}`)
  assert.ok(lines.some(line => line.includes('is not used')))
  for (const line of lines) assert.not.match(line, /1\.(?:old|new)\.\d/, 'no log has a signature')
})

test.run()
