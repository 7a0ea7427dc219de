import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CBOR, DAG_CBOR, DAG_JSON, DAG_PB, JSON_CODEC, RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { CODEC_NAMES, decodeBlock, encodeBlock, isDocument } from '../../src/dag/codecs.ts'
import { isCairnError } from '../../src/errors.ts'

const LINK = CID.createV1(RAW, sha256(Buffer.from('x')))
const decode = (codec: number, bytes: Uint8Array) => decodeBlock(CID.createV1(codec, sha256(bytes)), bytes)
const codeOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (isCairnError(error)) return error.code
    throw error
  }
  return 'none'
}

test('values come back as they went', () => {
  const value = { a: [1, -1, 1.5, 'ü', null, true], big: 2n ** 60n, bytes: new Uint8Array([1, 2]), link: LINK }
  for (const codec of [DAG_CBOR, DAG_JSON]) {
    const back = decode(codec, encodeBlock(codec, value)) as typeof value
    assert.equal(
      { ...back, bytes: [...back.bytes], link: `${back.link}` },
      { ...value, bytes: [1, 2], link: `${LINK}` },
    )
  }
  const plain = { a: [1, 'x'] }
  for (const codec of [CBOR, JSON_CODEC]) assert.equal(decode(codec, encodeBlock(codec, plain)), plain)
  const node = { Data: new Uint8Array([8, 1]), Links: [{ Hash: LINK, Name: 'a', Tsize: 1 }] }
  const back = decode(DAG_PB, encodeBlock(DAG_PB, node)) as typeof node
  assert.is(`${back.Links[0]?.Hash}`, `${LINK}`)
  assert.equal(decode(RAW, encodeBlock(RAW, new Uint8Array([1]))), new Uint8Array([1]))
})

test('depth, digits and wrong codecs are BAD_BLOCK, never a stack', () => {
  const deep = Buffer.concat([Buffer.alloc(200_000, 0x81), Buffer.from([0])])
  assert.is(
    codeOf(() => decode(DAG_CBOR, deep)),
    'BAD_BLOCK',
  )
  assert.is(
    codeOf(() => decode(CBOR, deep)),
    'BAD_BLOCK',
  )
  const deepJson = Buffer.from(`${'['.repeat(200_000)}${']'.repeat(200_000)}`)
  assert.is(
    codeOf(() => decode(DAG_JSON, deepJson)),
    'BAD_BLOCK',
  )
  assert.is(
    codeOf(() => decode(JSON_CODEC, deepJson)),
    'BAD_BLOCK',
  )
  assert.is(
    codeOf(() => decode(DAG_JSON, Buffer.from('9'.repeat(100_000)))),
    'BAD_BLOCK',
  )
  assert.is(
    codeOf(() => decode(JSON_CODEC, Buffer.from([0x22, 0xff, 0x22]))),
    'BAD_BLOCK',
  )
  assert.is(
    codeOf(() => decode(DAG_PB, Buffer.from('no protobuf'))),
    'BAD_BLOCK',
  )
  assert.is(
    codeOf(() => decode(CBOR, encodeBlock(DAG_CBOR, LINK))),
    'BAD_BLOCK',
  )
  for (const codec of [DAG_CBOR, DAG_JSON]) {
    const nested = Array.from({ length: 1000 }).reduce<unknown>(value => [value], 0)
    assert.is(
      codeOf(() => decode(codec, encodeBlock(codec, nested))),
      'none',
    )
  }
})

test('what cannot be written or is not known says so', () => {
  assert.is(
    codeOf(() => encodeBlock(DAG_CBOR, undefined)),
    'BAD_REQUEST',
  )
  assert.is(
    codeOf(() => encodeBlock(DAG_PB, { Links: 5 })),
    'BAD_REQUEST',
  )
  assert.is(
    codeOf(() => encodeBlock(RAW, 'text')),
    'BAD_REQUEST',
  )
  assert.is(
    codeOf(() => encodeBlock(JSON_CODEC, undefined)),
    'BAD_REQUEST',
  )
  assert.is(
    codeOf(() => encodeBlock(0x300001, {})),
    'UNSUPPORTED_CODEC',
  )
  assert.is(
    codeOf(() => decode(0x300001, new Uint8Array(1))),
    'UNSUPPORTED_CODEC',
  )
  assert.is(isDocument(DAG_PB), false)
  assert.is(CODEC_NAMES.get(DAG_JSON), 'dag-json')
})

test('keys of JavaScript objects are keys like others', () => {
  const text = '{"__proto__":{"polluted":1},"constructor":1}'
  for (const codec of [DAG_JSON, JSON_CODEC]) {
    const value = decode(codec, Buffer.from(text)) as Record<string, unknown>
    assert.ok(Object.hasOwn(value, '__proto__'))
    assert.is(({} as { polluted?: number }).polluted, undefined)
  }
})

test.run()
