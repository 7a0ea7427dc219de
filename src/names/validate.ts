// Whether a record is its name's own: the key that hashes to the name has signed it, and its time is not over (spec: gateway §2.16).

import { publicKeyFromMultihash, publicKeyFromProtobuf } from '@libp2p/crypto/keys'
import type { PublicKey } from '@libp2p/interface'
import type { MultihashDigest } from 'multiformats/hashes/interface'
import type { NameRecord } from '../api/names.ts'
import { IDENTITY, SHA2_256, sha256 } from '../block/hash.ts'
import type { Wait } from '../block/source.ts'
import { LIMITS } from '../limits.ts'
import type { KeyName } from './name.ts'
import { badRecord, type RecordContent, readRecord } from './record.ts'

const SIGNATURE_PREFIX = Buffer.from('ipns-signature:')
const NS_PER_MS = 1_000_000n
const NS_PER_SEC = 1_000_000_000n

/** BAD_RECORD, naming what is wrong. `nowMs`: the wall clock, which is what validity means. */
export async function validateRecord(
  name: KeyName,
  bytes: Uint8Array,
  { signal, nowMs = Date.now() }: Wait & { readonly nowMs?: number },
): Promise<NameRecord> {
  const content = readRecord(bytes)
  const key = keyFor(name.multihash, content)
  const signed = Buffer.concat([SIGNATURE_PREFIX, content.data])
  if (!(await isSignedBy(key, signed, content.signatureV2, signal)))
    throw badRecord('its V2 signature is not of the key that the name stands for')
  if (content.validUntilNs <= BigInt(nowMs) * NS_PER_MS) throw badRecord(`its validity ended at ${content.validity}`)
  return describe(name, bytes, content, nowMs)
}

/** Those that are valid by their form, but not asked to belong to anyone. */
export const describe = (name: KeyName, bytes: Uint8Array, content: RecordContent, nowMs: number): NameRecord => ({
  bytes,
  name: name.text,
  value: content.value,
  sequence: content.sequence,
  validity: content.validity,
  validUntilMs: Number(content.validUntilNs / NS_PER_MS),
  ttlNs: content.ttlNs,
  ttlSecs: maxAgeSecs(content.ttlNs, Number(content.validUntilNs / NS_PER_MS), nowMs),
})

/** In BigInt until it is small: TTLs of a hundred years are above 2^53 nanoseconds. */
export function maxAgeSecs(ttlNs: bigint, validUntilMs: number, nowMs: number): number {
  const most = BigInt(LIMITS.nameMaxAgeSecs.value)
  const ttl = ttlNs / NS_PER_SEC
  const left = Math.max(0, Math.floor((validUntilMs - nowMs) / 1000))
  return Math.min(Number(ttl < most ? ttl : most), left)
}

/** Negative if `a` is the older one: sequence first, then the later end. */
export function compareRecords(a: NameRecord, b: NameRecord): number {
  if (a.sequence !== b.sequence) return a.sequence < b.sequence ? -1 : 1
  return a.validUntilMs - b.validUntilMs || Buffer.compare(a.bytes, b.bytes)
}

/** The key inside the name, or the one that the record brings along and that hashes to the name. */
function keyFor(multihash: MultihashDigest, { publicKey }: RecordContent): PublicKey {
  if (publicKey !== undefined) {
    const isNamed =
      multihash.code === IDENTITY
        ? Buffer.compare(publicKey, multihash.digest) === 0
        : multihash.code === SHA2_256 && Buffer.compare(sha256(publicKey).digest, multihash.digest) === 0
    if (!isNamed) throw badRecord('the public key that it brings along is not the one that the name stands for')
  } else if (multihash.code !== IDENTITY) {
    throw badRecord('the key is neither in its name nor in the record')
  }
  try {
    return publicKey === undefined
      ? publicKeyFromMultihash(multihash as MultihashDigest<0>)
      : publicKeyFromProtobuf(publicKey)
  } catch (cause) {
    throw badRecord('its public key cannot be read', cause)
  }
}

async function isSignedBy(key: PublicKey, data: Uint8Array, signature: Uint8Array, signal: AbortSignal) {
  try {
    return await key.verify(data, signature, { signal })
  } catch (cause) {
    signal.throwIfAborted()
    throw badRecord('its V2 signature cannot be read', cause)
  }
}
