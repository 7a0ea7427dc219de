import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blockKey, DAG_PB, RAW } from '../../src/block/cid.ts'
import { hashByName, sha256 } from '../../src/block/hash.ts'
import { isCairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { wireBlockKey, wirePrefix } from '../../src/net/wire-block.ts'

const data = Buffer.from('some bytes')
const keyOf = (cid: CID, bytes: Uint8Array = data) => wireBlockKey({ prefix: wirePrefix(cid), data: bytes })

test('the key is that of the CID the bytes were asked under', () => {
  for (const name of ['sha2-256', 'sha2-512', 'blake2b-256', 'blake3', 'sha3-256']) {
    const { code, digest } = hashByName(name)
    const cid = CID.createV1(RAW, create(code, digest(data)))
    assert.is(keyOf(cid), blockKey(cid))
  }
  const v0 = CID.createV0(sha256(data))
  assert.is(keyOf(v0), blockKey(CID.createV1(DAG_PB, sha256(data))))
})

test('a shortened digest is compared at its length', () => {
  const cid = CID.createV1(RAW, create(0x12, sha256(data).digest.subarray(0, 20)))
  assert.is(keyOf(cid), blockKey(cid))
})

test('other bytes give another key', () => {
  const cid = CID.createV1(RAW, sha256(data))
  assert.is.not(keyOf(cid, Buffer.from('other bytes')), blockKey(cid))
})

test('unknown hash functions and broken prefixes are refused', () => {
  const prefixes = [
    [1, 0x55, 0x99, 0x88, 0x01, 32],
    [],
    [1, 0x55],
    [0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
    [1, 0x55, 0xff, 0xff, 0xff, 0x7f, 32],
  ]
  for (const prefix of prefixes) {
    assert.throws(
      () => wireBlockKey({ prefix: Uint8Array.from(prefix), data }),
      (error: unknown) => isCairnError(error, 'UNSUPPORTED_HASH'),
    )
  }
})

test('a block above the limit is refused before it is hashed', () => {
  const cid = CID.createV1(RAW, sha256(data))
  assert.throws(
    () => keyOf(cid, new Uint8Array(LIMITS.blockBytes.value + 1)),
    (error: unknown) => isCairnError(error, 'LIMIT'),
  )
})

test.run()
