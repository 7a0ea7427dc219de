import { base16 } from 'multiformats/bases/base16'
import { base32 } from 'multiformats/bases/base32'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isCairnError } from '../../src/errors.ts'
import { inlineDomain, parseKey, parseName, uninlineDomain } from '../../src/names/name.ts'
import { parseValidity } from '../../src/names/validity.ts'

const PAIRS = [
  [
    '12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK',
    'k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8',
  ],
  ['QmcJM7PRfkSbcM5cf1QugM5R37TLRKyJGgBEhXjLTB8uA2', 'k2k4r8ol4m8kkcqz509c1rcjwunebj02gcnm5excpx842u736nja8ger'],
] as const

test('one key, whatever its spelling', () => {
  for (const [peerId, key] of PAIRS) {
    const { multihash } = parseKey(peerId)
    const spellings = [
      peerId,
      `/ipns/${peerId}`,
      key,
      key.toUpperCase(),
      ...[0x72, 0x70, 0x55].flatMap(codec => {
        const cid = CID.createV1(codec, multihash)
        return [cid.toString(base32), cid.toString(base58btc), cid.toString(base16), cid.toString(base32).toUpperCase()]
      }),
    ]
    for (const spelling of spellings) assert.is(parseKey(spelling).text, key, spelling)
  }
})

const DOMAINS: Record<string, string> = {
  'docs.ipfs.tech': 'docs.ipfs.tech',
  'SITE.DNS.TEST': 'site.dns.test',
  'site.dns.test.': 'site.dns.test',
  'münchen.example': 'xn--mnchen-3ya.example',
  '例え.テスト': 'xn--r8jz45g.xn--zckzah',
  _a_b: '_a_b',
  'vitalik.eth': 'vitalik.eth',
  'en-wikipedia--on--ipfs-org': 'en.wikipedia-on-ipfs.org',
  'dnslink--enabled--with--spa-example-org': 'dnslink-enabled-with-spa.example.org',
  localhost: 'localhost',
}

test('one domain, whatever its spelling', () => {
  for (const [given, domain] of Object.entries(DOMAINS)) {
    const name = parseName(given)
    assert.is(name.kind, 'domain', given)
    assert.is(name.text, domain)
  }
})

test('inlining and its way back', () => {
  for (const domain of ['en.wikipedia-on-ipfs.org', 'a.b', 'a-b.c--d.e', 'xn--mnchen-3ya.example'])
    assert.is(uninlineDomain(inlineDomain(domain)), domain)
})

test('what can be no name is refused', () => {
  const wrong = [
    '',
    '.',
    '..',
    '....',
    'a..b',
    'a b.test',
    'a/b',
    'x:80',
    '1.2.3.4',
    '<b>',
    'a\n.test',
    '::1',
    `${'a'.repeat(64)}.test`,
  ]
  for (const given of [...wrong, 'a.'.repeat(130), 'k'.repeat(600), '/ipns/'])
    assert.throws(
      () => parseName(given),
      (error: unknown) => isCairnError(error, 'BAD_NAME'),
      given,
    )
})

test('the end of a record to the nanosecond', () => {
  const bad = (why: string) => new Error(why)
  const ns = (text: string) => parseValidity(text, bad)
  assert.is(ns('1970-01-01T00:00:00Z'), 0n)
  assert.is(ns('2123-08-14T12:17:03.694052Z') % 1_000_000_000n, 694_052_000n)
  assert.is(ns('9999-12-31T23:59:59.999999999Z'), 253_402_300_799_999_999_999n)
  assert.is(ns('2099-01-01T00:00:00+14:00'), ns('2098-12-31T10:00:00Z'))
  assert.is(ns('2099-01-01T00:00:00-00:30'), ns('2099-01-01T00:30:00Z'))
  assert.is(ns('0001-01-01T00:00:00Z'), -62_135_596_800_000_000_000n)
  for (const text of ['2099-02-29T00:00:00Z', '2099-01-01T24:00:00Z', '2099-01-01T00:00:60Z', '2099-01-01', ''])
    assert.throws(() => ns(text), /its end of validity/)
  assert.ok(ns('2096-02-29T00:00:00Z') > 0n)
})

test.run()
