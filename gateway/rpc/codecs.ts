// Names of codecs and hash functions in the RPC, and the CID of given bytes under them.

import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import type { MultihashDigest } from 'multiformats/hashes/interface'
import { CBOR, DAG_CBOR, DAG_JSON, DAG_PB, JSON_CODEC, LIBP2P_KEY, RAW } from '../../src/block/cid.ts'
import { hashByName, IDENTITY, SHA2_256 } from '../../src/block/hash.ts'
import { LIMITS } from '../../src/limits.ts'
import { failure } from './errors.ts'

const CODECS: Record<string, number> = {
  raw: RAW,
  'dag-pb': DAG_PB,
  'dag-cbor': DAG_CBOR,
  'dag-json': DAG_JSON,
  cbor: CBOR,
  json: JSON_CODEC,
  'libp2p-key': LIBP2P_KEY,
  'git-raw': 0x78,
  'eth-block': 0x90,
  'bitcoin-block': 0xb0,
  'dag-jose': 0x85,
}

/** By name or by number (`0x71`). */
export function codecByName(name: string): number {
  const code = CODECS[name] ?? (/^(?:0x[\da-f]{1,8}|\d{1,9})$/i.test(name) ? Number(name) : undefined)
  if (code === undefined) throw failure(`unknown multicodec: ${JSON.stringify(name)}`)
  return code
}

export function isKnownHash(name: string): boolean {
  try {
    return name === 'identity' || hashByName(name).name === name
  } catch {
    return false
  }
}

export interface CidRecipe {
  readonly version: 0 | 1
  readonly codec: number
  readonly hash: string
  /** Bytes of the digest that are kept; -1 keeps all. */
  readonly digestBytes: number
}

/** Texts are Kubo's. */
export function cidOfBytes(bytes: Uint8Array, { version, codec, hash, digestBytes }: CidRecipe): CID {
  if (hash === 'identity') {
    const most = LIMITS.identityBytes.value
    if (bytes.byteLength > most) {
      throw failure(`digest too large: identity digest got ${bytes.byteLength} bytes, maximum ${most}`)
    }
    return CID.createV1(codec, create(IDENTITY, bytes))
  }
  const { code, digest } = hashByName(hash)
  const full = digest(bytes)
  const length = digestBytes === -1 ? full.byteLength : digestBytes
  if (length > full.byteLength) throw failure('invalid cid: requested length was too large for digest')
  const least = LIMITS.digestMinBytes.value
  if (length < least) throw failure(`digest too small: ${hash} digest got ${length} bytes, minimum ${least}`)
  const multihash = create(code, full.subarray(0, length))
  if (version === 1) return CID.createV1(codec, multihash)
  if (code !== SHA2_256 || length !== 32) throw failure('only sha2-255-32 is allowed with CIDv0')
  return CID.createV0(multihash as MultihashDigest<typeof SHA2_256>)
}
