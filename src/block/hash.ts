// Hash functions by multihash code and name, all synchronous, and the check that bytes are what a CID says.

import { hash as nodeHash } from 'node:crypto'
import { blake2b, blake2s } from '@noble/hashes/blake2.js'
import { blake3 } from '@noble/hashes/blake3.js'
import {
  keccak_224,
  keccak_256,
  keccak_384,
  keccak_512,
  sha3_224,
  sha3_256,
  sha3_384,
  sha3_512,
  shake128,
  shake256,
} from '@noble/hashes/sha3.js'
import type { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import type { MultihashDigest } from 'multiformats/hashes/interface'
import { CairnError } from '../errors.ts'
import { enforce, LIMITS } from '../limits.ts'

export const SHA2_256 = 0x12
export const IDENTITY = 0x00

export interface HashFunction {
  readonly code: number
  readonly name: string
  digest(bytes: Uint8Array): Uint8Array
}

const byCode = new Map<number, HashFunction>()
const byName = new Map<string, HashFunction>()

function define(code: number, name: string, digest: (bytes: Uint8Array) => Uint8Array): void {
  const entry = { code, name, digest }
  byCode.set(code, entry)
  byName.set(name, entry)
}

const openssl = (algorithm: string) => (bytes: Uint8Array) => nodeHash(algorithm, bytes, 'buffer')

define(SHA2_256, 'sha2-256', openssl('sha256'))
define(0x13, 'sha2-512', openssl('sha512'))
define(0x1013, 'sha2-224', openssl('sha224'))
define(0x20, 'sha2-384', openssl('sha384'))
define(0x1014, 'sha2-512-224', openssl('sha512-224'))
define(0x1015, 'sha2-512-256', openssl('sha512-256'))
define(0x56, 'dbl-sha2-256', bytes => nodeHash('sha256', nodeHash('sha256', bytes, 'buffer'), 'buffer'))
define(0x11, 'sha1', openssl('sha1'))
define(0x14, 'sha3-512', sha3_512)
define(0x15, 'sha3-384', sha3_384)
define(0x16, 'sha3-256', sha3_256)
define(0x17, 'sha3-224', sha3_224)
define(0x18, 'shake-128', bytes => shake128(bytes, { dkLen: 32 }))
define(0x19, 'shake-256', bytes => shake256(bytes, { dkLen: 64 }))
define(0x1a, 'keccak-224', keccak_224)
define(0x1b, 'keccak-256', keccak_256)
define(0x1c, 'keccak-384', keccak_384)
define(0x1d, 'keccak-512', keccak_512)
define(0x1e, 'blake3', bytes => blake3(bytes))
for (let length = 20; length <= 64; length++) {
  define(0xb200 + length, `blake2b-${length * 8}`, bytes => blake2b(bytes, { dkLen: length }))
}
for (let length = 20; length <= 32; length++) {
  define(0xb240 + length, `blake2s-${length * 8}`, bytes => blake2s(bytes, { dkLen: length }))
}

/** UNSUPPORTED_HASH if Cairn does not know the function. */
export function hashByCode(code: number): HashFunction {
  const found = byCode.get(code)
  if (found === undefined)
    throw new CairnError('UNSUPPORTED_HASH', `hash function 0x${code.toString(16)} is not supported`)
  return found
}

export function hashByName(name: string): HashFunction {
  const found = byName.get(name)
  if (found === undefined) throw new CairnError('UNSUPPORTED_HASH', `unrecognized hash function: "${name}"`)
  return found
}

export const sha256 = (bytes: Uint8Array): MultihashDigest<0x12> =>
  create(SHA2_256, nodeHash('sha256', bytes, 'buffer'))

/** Refuses digests that prove nothing: too short, too long, or an identity that is a block in disguise (H16, C21). */
export function checkDigest(multihash: { readonly code: number; readonly digest: Uint8Array }): void {
  const { code, digest } = multihash
  if (code === IDENTITY) {
    enforce('identityBytes', digest.byteLength, 'identity CID')
    return
  }
  hashByCode(code)
  if (digest.byteLength < LIMITS.digestMinBytes.value || digest.byteLength > LIMITS.digestMaxBytes.value) {
    throw new CairnError('UNSUPPORTED_HASH', `a digest of ${digest.byteLength} bytes is not accepted (20 to 128 are)`)
  }
}

/** HASH_MISMATCH unless `bytes` hash to the multihash of `cid`. Truncated digests are compared at their length. */
export function verifyBlock(cid: CID, bytes: Uint8Array): void {
  const { code, digest } = cid.multihash
  checkDigest(cid.multihash)
  const actual = code === IDENTITY ? bytes : hashByCode(code).digest(bytes)
  const same = code === IDENTITY ? equal(actual, digest) : equal(actual.subarray(0, digest.byteLength), digest)
  if (!same) throw new CairnError('HASH_MISMATCH', `the bytes given for ${cid} do not hash to it`)
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && Buffer.compare(a, b) === 0
}
