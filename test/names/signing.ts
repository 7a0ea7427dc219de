// IPNS records made for tests: any key type, any content, signed right unless asked otherwise.

import * as dagCbor from '@ipld/dag-cbor'
import { generateKeyPair, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { encodeVarint } from '../../src/block/varint.ts'
import { type KeyName, keyName } from '../../src/names/name.ts'

export interface Publisher {
  readonly key: PrivateKey
  readonly name: KeyName
}

export interface RecordFields {
  readonly value: string
  readonly sequence?: bigint
  readonly ttlNs?: bigint
  readonly validity?: string
  /** Leaves out the public key where the name does not hold it. */
  readonly withoutKey?: boolean
}

export const FAR = '2120-01-01T00:00:00.000000000Z'
const MINUTES_5 = 300_000_000_000n

export async function makePublisher(type: 'Ed25519' | 'secp256k1' | 'ECDSA' | 'RSA' = 'Ed25519'): Promise<Publisher> {
  const key = type === 'RSA' ? await generateKeyPair(type, 2048) : await generateKeyPair(type as 'Ed25519')
  return { key, name: keyName(key.publicKey.toMultihash()) }
}

/** V2 alone: what new publishers may send. */
export async function makeRecord({ key, name }: Publisher, fields: RecordFields): Promise<Uint8Array> {
  const { value, sequence = 1n, ttlNs = MINUTES_5, validity = FAR, withoutKey = false } = fields
  const data = dagCbor.encode({
    Value: Buffer.from(value),
    Validity: Buffer.from(validity),
    ValidityType: 0,
    Sequence: sequence,
    TTL: ttlNs,
  })
  const signature = await key.sign(Buffer.concat([Buffer.from('ipns-signature:'), data]))
  const isInName = name.multihash.code === 0
  const publicKey = isInName || withoutKey ? [] : [protoBytes(7, publicKeyToProtobuf(key.publicKey))]
  return Buffer.concat([...publicKey, protoBytes(8, signature), protoBytes(9, data)])
}

export const protoBytes = (field: number, bytes: Uint8Array): Buffer =>
  Buffer.concat([encodeVarint(field * 8 + 2), encodeVarint(bytes.byteLength), bytes])

export const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString()
