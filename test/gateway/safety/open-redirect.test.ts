// No address of the gateway leads a browser to a host that the gateway does not serve.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withGateway } from '../support.ts'

const GATEWAY = 'gw.test'
const KEY_B58 = '12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK'

/** Places that are written so that a browser, or a careless program, takes them for another host. */
const LURES = [
  '//evil.test',
  '///evil.test',
  '////evil.test/',
  '/\\evil.test',
  '\\\\evil.test',
  '\\/evil.test',
  '/%5Cevil.test',
  '/%5c%5cevil.test',
  '/%2f%2fevil.test',
  '/%2F%2Fevil.test/%2e%2e',
  '//evil.test/%2e%2e/x',
  '/.//evil.test',
  '/..//evil.test',
  '/;//evil.test',
  '/@evil.test',
  '/:@evil.test',
  '//gw.test@evil.test',
  '//evil.test:80/',
  '//evil.test%00.gw.test',
  '/%09/evil.test',
  '/\t/evil.test',
  '/%0d%0aLocation:%20https://evil.test',
  '/%0D%0A%0D%0A<script>',
  '/%E2%80%8B//evil.test',
  '/https://evil.test',
  '/http:%2f%2fevil.test',
  '/javascript:alert(1)',
  '/%ff%fe//evil.test',
  '/?//evil.test',
  '/?url=https://evil.test',
  '/#//evil.test',
]

const QUERIES = ['', '?https://evil.test', '?x=//evil.test', '?%0d%0aLocation:%20//evil.test', '?\\\\evil.test']

/** Values of `uri`, as protocol handlers send them and as others would like to. */
const URIS = [
  'ipfs:////evil.test',
  'ipfs://evil.test',
  'ipns:////evil.test',
  'ipns://evil.test/..//x',
  'ipns://evil.test@x',
  'ipns:\\\\evil.test',
  'ipfs://../../evil.test',
  'https://evil.test',
  '//evil.test',
  'javascript:alert(1)',
  'ipns://a.test/\r\nLocation: //evil.test',
  'ipns://a.test/%0d%0aLocation:%20//evil.test',
  'ipfs://bafkqaaa//evil.test',
  'ipns:///evil.test//x',
]

test('every redirect stays in the gateway, whatever the address is made of', async () => {
  await withGateway({ hosts: [GATEWAY, '*.wild.test', 'paths.test paths'] }, async gateway => {
    const folder = await gateway.addTree({ 'evil.test': { 'a.txt': 'a' }, dir: { '\\evil.test': { 'a.txt': 'a' } } })
    const hosts = ['127.0.0.1', GATEWAY, `${folder}.ipfs.${GATEWAY}`, `${folder}.ipfs.a.wild.test`, 'paths.test']
    const prefixes = [
      '',
      `/ipfs/${folder}`,
      '/ipfs',
      '/ipns',
      `/ipfs/ipfs/${folder}`,
      '/ipfs/ipns/a.test',
      `/ipns/${KEY_B58}`,
    ]
    const targets = prefixes.flatMap(prefix => LURES.flatMap(lure => QUERIES.map(query => prefix + lure + query)))
    const uris = URIS.flatMap(uri => ['/ipfs/', '/ipns/', '/'].map(path => `${path}?uri=${encodeURIComponent(uri)}`))
    let redirects = 0
    let asked = 0
    for (const host of hosts) {
      for (const target of [...targets, ...uris]) {
        // Five queries at each host would be much of the same.
        if (asked++ % 5 !== 0 && target.includes('?') && !target.includes('uri=')) continue
        const answer = await gateway.raw(`GET ${target} HTTP/1.1\nHost: ${host}`)
        const location = answer.headers.get('location')
        if (location === undefined) continue
        redirects++
        assert.is(problemOf(location, host), '', `${host} ${JSON.stringify(target)} → ${location}`)
      }
    }
    console.log(`» open redirects: ${asked} addresses, ${redirects} redirects, all within the gateway`)
    assert.ok(redirects > 100)
  })
})

test('no Host, X-Forwarded-Host or X-Forwarded-Proto makes a redirect to a host that is not served', async () => {
  await withGateway({ hosts: [GATEWAY] }, async gateway => {
    const folder = await gateway.addTree({ dir: { 'a.txt': 'a' } })
    const values = [
      'evil.test',
      `${GATEWAY}@evil.test`,
      `evil.test/${GATEWAY}`,
      `${GATEWAY}\\@evil.test`,
      `evil.test#.${GATEWAY}`,
      `${GATEWAY}:80@evil.test`,
      `${GATEWAY}:99999`,
      `evil.test?.${GATEWAY}`,
      '//evil.test',
      '',
    ]
    for (const value of values) {
      for (const name of ['Host', 'X-Forwarded-Host']) {
        const host = name === 'Host' ? `Host: ${value}` : `Host: ${GATEWAY}\n${name}: ${value}`
        for (const path of [`/ipfs/${folder}/dir`, `/ipns/${KEY_B58}`, `/ipfs/${folder}`]) {
          const location = (await gateway.raw(`GET ${path} HTTP/1.1\n${host}`)).headers.get('location')
          if (location !== undefined) assert.is(problemOf(location, GATEWAY), '', `${host} ${path} → ${location}`)
        }
      }
    }
    for (const scheme of ['javascript', 'https://evil.test/', 'ftp', 'https, http']) {
      const answer = await gateway.raw(`GET /ipfs/${folder} HTTP/1.1\nHost: ${GATEWAY}\nX-Forwarded-Proto: ${scheme}`)
      assert.is(problemOf(answer.headers.get('location') ?? '', GATEWAY), '', scheme)
    }
  })
})

/** Where a browser would go from there; empty if that is a host of the gateway, under a scheme that only shows things. */
function problemOf(location: string, host: string): string {
  if (/[^\x21-\x7e]/.test(location)) return 'characters that a header must not have'
  if (/^[/\\]{2}/.test(location)) return 'a browser takes it for a host'
  if (!URL.canParse(location, `http://${host}/`)) return 'no address'
  const { hostname, protocol, username, password } = new URL(location, `http://${host}/x/y`)
  if (username !== '' || password !== '') return 'it has a user'
  if (protocol !== 'http:' && protocol !== 'https:') return protocol
  const isOwn = hostname === host || /(?:^|\.)(?:gw|wild|paths)\.test$/.test(hostname)
  return isOwn ? '' : hostname
}

test.run()
