import * as dagCbor from '@ipld/dag-cbor'
import * as dagJson from '@ipld/dag-json'
import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { identity } from 'multiformats/hashes/identity'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CBOR, DAG_CBOR, DAG_JSON, DAG_PB, JSON_CODEC, RAW } from '../../src/block/cid.ts'
import { cidAt, cidEnd } from '../../src/block/cid-bytes.ts'
import { DigestKeys } from '../../src/block/digest-keys.ts'
import { sha256 } from '../../src/block/hash.ts'
import { hasLinks, mayLink, scanLinks } from '../../src/block/links.ts'
import { encodeVarint, readVarint, varintEnd } from '../../src/block/varint.ts'
import { isCairnError } from '../../src/errors.ts'

const hashOf = (text: string) => sha256(Buffer.from(text))
const CIDS = [
  CID.createV1(RAW, hashOf('raw')),
  CID.createV0(hashOf('v0')),
  CID.createV1(DAG_PB, hashOf('v1')),
  CID.createV1(0x300001, hashOf('long codec')),
  CID.createV1(RAW, create(0xb220, new Uint8Array(32).fill(7))),
  CID.createV1(DAG_CBOR, create(0x13, new Uint8Array(64).fill(9))),
  CID.createV1(RAW, await identity.digest(Buffer.from('inline'))),
  CID.createV1(RAW, await identity.digest(new Uint8Array(0))),
]
const texts = (cids: readonly CID[]) => cids.map(String)

test('dag-pb: every link in stored order, with and without names', () => {
  const links = CIDS.map((Hash, index) => ({ Hash, Name: `n${index}`, Tsize: index * 1e12 }))
  const bytes = dagPb.encode({ Data: new Uint8Array([8, 1]), Links: links })
  assert.equal(texts(scanLinks(DAG_PB, bytes)), texts(CIDS))
  assert.equal(texts(scanLinks(DAG_PB, dagPb.encode({ Links: CIDS.map(Hash => ({ Hash })) }))), texts(CIDS))
  assert.equal(scanLinks(DAG_PB, dagPb.encode({ Links: [] })), [])
  const found = scanLinks(DAG_PB, bytes)
  bytes.fill(0)
  assert.equal(texts(found), texts(CIDS), 'links outlive the buffer they were read from')
})

test('dag-cbor and dag-json: links in the order in which they are written', () => {
  const value = {
    b: [CIDS[0], { x: CIDS[1] }],
    a: CIDS[2],
    10: CIDS[3],
    9: CIDS[4],
    text: '{"/":"no link"}',
    bytes: Buffer.from('x'),
  }
  const cbor = dagCbor.encode(value)
  // Shorter keys first, then by their bytes.
  assert.equal(texts(scanLinks(DAG_CBOR, cbor)), texts([4, 2, 0, 1, 3].map(index => CIDS[index] as CID)))
  const json = dagJson.encode(value)
  const byPosition = [
    ...Buffer.from(json)
      .toString()
      .matchAll(/\{"\/":"(\w+)"\}/g),
  ].map(([, link]) => link)
  assert.is(byPosition.length, 5)
  assert.equal(texts(scanLinks(DAG_JSON, json)), byPosition)
  const spaced = Buffer.from(`{ "a\\"b" : [ { "\\u002f" : "${CIDS[0]}" } , {"/":{"bytes":"AA"}} ] }`)
  assert.equal(texts(scanLinks(DAG_JSON, spaced)), texts([CIDS[0] as CID]))
})

test('codecs without links have none, whatever the bytes', () => {
  const bytes = dagPb.encode({ Links: CIDS.map(Hash => ({ Hash })) })
  for (const codec of [RAW, CBOR, JSON_CODEC, 0x72, 0x300001]) {
    assert.equal(scanLinks(codec, bytes), [])
    assert.is(hasLinks(codec, bytes), false)
    assert.is(mayLink(codec), false)
  }
})

test('hasLinks never throws', () => {
  const pb = dagPb.encode({ Links: [{ Hash: CIDS[0] as CID }] })
  assert.is(hasLinks(DAG_PB, pb), true)
  assert.is(hasLinks(DAG_PB, pb.subarray(1)), false)
  assert.is(hasLinks(DAG_CBOR, dagCbor.encode([CIDS[0]])), true)
  assert.is(hasLinks(DAG_CBOR, dagCbor.encode([1])), false)
  assert.is(hasLinks(DAG_JSON, dagJson.encode([CIDS[0]])), true)
  assert.is(hasLinks(DAG_JSON, Buffer.from('{')), false)
})

test('malformed blocks are BAD_BLOCK', () => {
  const pb = dagPb.encode({ Data: new Uint8Array([8, 1]), Links: [{ Hash: CIDS[0] as CID, Name: 'a', Tsize: 1 }] })
  const bad: [number, Uint8Array][] = [
    [DAG_PB, pb.subarray(0, -1)],
    [DAG_PB, Buffer.concat([pb, Buffer.from([0])])],
    [DAG_PB, Buffer.from([0x12, 0x00])],
    [DAG_CBOR, new Uint8Array(0)],
    [DAG_CBOR, Buffer.from('ff', 'hex')],
    [DAG_CBOR, Buffer.concat([Buffer.alloc(1025, 0x81), Buffer.from([0])])],
    [DAG_CBOR, Buffer.from('d82a4100', 'hex')],
    [DAG_JSON, Buffer.from('[')],
    [DAG_JSON, Buffer.from(`${'['.repeat(1025)}${']'.repeat(1025)}`)],
    [DAG_JSON, Buffer.from('1'.repeat(1025))],
    [DAG_JSON, Buffer.from('{"/":"not a CID"}')],
  ]
  for (const [codec, bytes] of bad) {
    try {
      scanLinks(codec, bytes)
    } catch (error) {
      assert.ok(isCairnError(error, 'BAD_BLOCK'), String(error))
      continue
    }
    assert.unreachable(`${codec} ${Buffer.from(bytes).toString('hex').slice(0, 40)}`)
  }
  assert.equal(scanLinks(DAG_CBOR, Buffer.concat([Buffer.alloc(1024, 0x81), Buffer.from([0])])), [])
})

test('CIDs in bytes: as the library reads them, strictly and to the end', () => {
  for (const cid of CIDS) {
    const framed = Buffer.concat([Buffer.from('ab'), cid.bytes, Buffer.from('c')])
    assert.is(cidEnd(framed, 2), 2 + cid.bytes.byteLength)
    const read = cidAt(framed, 2, 2 + cid.bytes.byteLength)
    assert.ok(read.equals(cid))
    assert.is(read.toString(), cid.toString())
    assert.is(read.code, cid.code)
    assert.equal([...read.multihash.digest], [...cid.multihash.digest])
    assert.throws(() => cidAt(framed, 2, framed.byteLength))
    assert.throws(() => cidAt(framed, 2, 1 + cid.bytes.byteLength))
  }
  for (const hex of ['', '00', '02551220', '0155', '01d5001220', '01551280201220']) {
    const bytes = Buffer.from(hex, 'hex')
    assert.throws(() => cidAt(bytes, 0, bytes.byteLength), undefined, hex)
  }
})

test('varints come back as they went, and only in their shortest form', () => {
  for (const value of [0, 1, 127, 128, 300, 16_383, 16_384, 2 ** 31, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER]) {
    const bytes = encodeVarint(value)
    assert.is(readVarint(Buffer.concat([Buffer.from([9]), bytes]), 1), value)
    assert.is(varintEnd, 1 + bytes.byteLength)
  }
  for (const hex of ['', '80', '8000', 'ffffffffffffffffffff01'])
    assert.throws(() => readVarint(Buffer.from(hex, 'hex'), 0))
})

test('keys tell multihashes apart that share beginnings, endings and lengths', () => {
  const keys = new DigestKeys()
  const seen = new Set<string>()
  const base = new Uint8Array(34)
  const variants = [base.subarray(0, 33), base, new Uint8Array(35), new Uint8Array(131)]
  for (let at = 0; at < 34; at++) {
    for (const value of [1, 128, 255]) {
      const changed = base.slice()
      changed[at] = value
      variants.push(changed)
    }
  }
  for (const variant of variants) seen.add(Buffer.from(keys.of(variant)).toString('hex'))
  assert.is(seen.size, variants.length)
  assert.equal(Buffer.from(keys.of(base)), Buffer.from(keys.of(base.slice())))
  assert.not.equal(Buffer.from(keys.of(base)), Buffer.from(new DigestKeys().of(base)))
})

test.run()
