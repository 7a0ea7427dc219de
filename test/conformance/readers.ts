// Bodies of the replica read without a line of the product: CARs, TARs and IPNS records, each checked as it is read.

import { createHash, createPublicKey, verify } from 'node:crypto'
import { decode } from '@ipld/dag-cbor'
import { base36 } from 'multiformats/bases/base36'
import { CID } from 'multiformats/cid'

/** The CIDs of a CARv1's blocks, in order; throws for anything that a strict reader would not take. */
export function readCarCids(bytes: Buffer): string[] {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++]
      if (byte === undefined) throw new Error('the CAR ends in the middle of a length')
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }
  const section = (): Buffer => {
    const size = varint()
    if (size === 0 || at + size > bytes.byteLength) throw new Error(`the CAR has no section of ${size} bytes at ${at}`)
    at += size
    return bytes.subarray(at - size, at)
  }
  const header = decode<{ version?: unknown; roots?: unknown }>(section())
  if (header.version !== 1) throw new Error(`the CAR has version ${header.version}`)
  if (!Array.isArray(header.roots) || header.roots.length === 0) throw new Error('the CAR has no root')
  const cids: string[] = []
  while (at < bytes.byteLength) {
    const [cid, block] = CID.decodeFirst(section())
    if (!hashes(cid, block)) throw new Error(`a block of the CAR is not ${cid}`)
    cids.push(cid.toString())
  }
  return cids
}

const HASHES: Readonly<Record<number, string>> = { 18: 'sha256', 19: 'sha512' }

/** Whether the bytes are the block of that CID. */
export function hashes(cid: CID, block: Uint8Array): boolean {
  if (cid.multihash.code === 0) return Buffer.from(cid.multihash.digest).equals(block)
  const name = HASHES[cid.multihash.code]
  if (name === undefined) throw new Error(`no hash function ${cid.multihash.code} here`)
  return createHash(name).update(block).digest().equals(Buffer.from(cid.multihash.digest))
}

/** The files of a TAR, by name; POSIX ustar with PAX names. */
export function readTar(bytes: Buffer): Map<string, string> {
  const files = new Map<string, string>()
  let path: string | undefined
  for (let at = 0; at + 512 <= bytes.byteLength; ) {
    const header = bytes.subarray(at, at + 512)
    if (header.every(byte => byte === 0)) return files
    const text = (from: number, length: number): string => {
      const field = header.subarray(from, from + length)
      const end = field.indexOf(0)
      return field.subarray(0, end === -1 ? length : end).toString('utf8')
    }
    const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0)
    if (sum !== Number.parseInt(text(148, 8).trim(), 8)) throw new Error(`a header of the TAR at ${at} has a wrong sum`)
    const size = Number.parseInt(text(124, 12).trim() || '0', 8)
    const content = bytes.subarray(at + 512, at + 512 + size)
    if (content.byteLength !== size) throw new Error('the TAR ends in the middle of a file')
    at += 512 + Math.ceil(size / 512) * 512
    const type = text(156, 1) || '0'
    if (type === 'x') path = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(content.toString('utf8'))?.[1]
    else {
      const prefix = text(345, 155)
      const name = path ?? (prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`)
      if (type === '0') files.set(name, content.toString('utf8'))
      path = undefined
    }
  }
  throw new Error('the TAR ends without its empty blocks')
}

/** The value of an IPNS record whose V2 signature is good for an Ed25519 key. */
export function readRecord(bytes: Buffer, key: string): string {
  const fields = readFields(bytes)
  const [data, signature] = [fields.get(9), fields.get(8)]
  if (data === undefined || signature === undefined) throw new Error('the record has no V2 part')
  // The name is the protobuf of the key itself: type Ed25519, 32 bytes.
  const digest = Buffer.from(CID.parse(key, base36).multihash.digest)
  if (digest.byteLength !== 36 || !digest.subarray(0, 4).equals(Buffer.from('08011220', 'hex')))
    throw new Error(`${key} does not hold an Ed25519 key`)
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), digest.subarray(4)])
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' })
  if (!verify(null, Buffer.concat([Buffer.from('ipns-signature:'), data]), publicKey, signature))
    throw new Error('the signature of the record is not that of its key')
  const { Value: value } = decode<{ Value?: unknown }>(data)
  if (!(value instanceof Uint8Array)) throw new Error('the record has no value')
  return Buffer.from(value).toString('utf8')
}

/** Length-delimited fields of a protobuf by number; varints are passed over. */
function readFields(bytes: Buffer): Map<number, Buffer> {
  const fields = new Map<number, Buffer>()
  let at = 0
  const varint = (): number => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw new Error('the record ends in the middle of a field')
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return Number(value)
    }
  }
  while (at < bytes.byteLength) {
    const tag = varint()
    if ((tag & 7) === 0) varint()
    else if ((tag & 7) === 2) {
      const size = varint()
      fields.set(tag >> 3, bytes.subarray(at, at + size))
      at += size
    } else throw new Error(`the record has a field of type ${tag & 7}`)
  }
  return fields
}
