import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  faultOf,
  maskedAddress,
  PARAMETER,
  parseClient,
  parseToken,
  signPlace,
} from '../../../gateway/safety/signature.ts'
import { withoutSignature } from '../../../gateway/safety/signed.ts'
import { signingKeyRing } from '../../../gateway/safety/signing-keys.ts'
import { SILENT } from '../../../src/observe/log.ts'
import { cairn, cairnOk, temporaryFolder } from '../../support/cairn.ts'

test('the words of a signature', () => {
  const key = Buffer.alloc(32, 7)
  const place = { namespace: 'ipfs', root: 'bafkqaaa', segments: ['a', 'b c'] } as const
  const grant = { keyName: 'main', expiresSecs: 2_000_000_000 }
  const text = signPlace(place, grant, key)
  // Stays as it is, or every address out there ends.
  assert.is(text, '1.main.2000000000.2.._7BlfVbEvIFbhd4oQdSvR-1d9VUa-zV1OG_5d4XnY0Y')
  const token = parseToken(text)
  assert.ok(token !== undefined)
  const presented = { place, host: 'x', address: undefined, nowSecs: 1 }
  assert.is(faultOf(token, key, presented), undefined)
  assert.is(faultOf(token, key, { ...presented, place: { ...place, segments: ['a', 'b c', 'd'] } }), undefined)
  assert.match(
    faultOf(token, key, { ...presented, place: { ...place, segments: ['a'] } }) ?? '',
    'not for this address',
  )
  assert.match(faultOf(token, Buffer.alloc(32, 8), presented) ?? '', 'not for this address')
  assert.match(faultOf(token, undefined, presented) ?? '', 'not for this address')
  for (const bad of [
    '',
    '1',
    `${text}x`,
    text.replace('1.', '2.'),
    text.replace('main', 'MAIN'),
    text.replace('.2.', '.-2.'),
  ])
    assert.is(parseToken(bad), undefined, bad)
  assert.is(maskedAddress('203.0.113.77', 24), 'cb007100')
  assert.is(maskedAddress('2001:db8::ff', 32), `20010db8${'0'.repeat(24)}`)
  assert.is(maskedAddress('1.2.3.4', 33), '')
  assert.is(maskedAddress('', 24), '')
  for (const bad of ['x', '1.2.3.4/33', '1.2.3.4/0', '1.2.3', '::1/129', '1.2.3.4/x'])
    assert.throws(() => parseClient(bad), /no IP address/)
  assert.is(withoutSignature(`a=1&${PARAMETER}=x&b=%2F`), 'a=1&b=%2F')
  assert.is(withoutSignature('a=1&b'), 'a=1&b')
})

test('cairn sign: addresses of any kind, its key made on first use, mistakes refused', async () => {
  const repo = temporaryFolder('sign')
  assert.is((await cairn(['sign', '/ipfs/bafkqaaa'], { repo })).code, 10)
  await cairnOk(['init'], { repo })
  const url = await cairnOk(['sign', 'https://gw.test/ipfs/bafkqaaa?x=1#top', '--expires', '2h', '--key', 'k1'], {
    repo,
  })
  assert.match(url, /^https:\/\/gw\.test\/ipfs\/bafkqaaa\?x=1&cairn-signature=1\.k1\.\d+\.0\.\.[\w-]{43}$/)
  const made = JSON.parse(await cairnOk(['sign', '--json', 'ipns://docs.example.org/a%20b/'], { repo })) as Record<
    string,
    string
  >
  assert.is(made.path, '/ipns/docs.example.org/a%20b')
  assert.match(made.address ?? '', /^\/ipns\/docs\.example\.org\/a%20b\/\?cairn-signature=1\.main\./)
  assert.ok(Math.abs(Date.parse(made.expires ?? '') - Date.now() - 3_600_000) < 60_000)
  assert.equal(readdirSync(join(repo, 'signing-keys')).sort(), ['k1', 'main'])
  assert.is((await cairn(['sign', 'bafkqaaa', '--key', '../x'], { repo })).code, 2)
  assert.is((await cairn(['sign', 'bafkqaaa', '--host', 'a/b'], { repo })).code, 2)
  assert.ok(signingKeyRing(repo, SILENT)('main') !== undefined)
})

test.run()
