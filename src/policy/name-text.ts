// An IPNS name as rules and visitors write it: a DNS name in lower case, or a key, which is its multihash in any spelling.

import { base36 } from 'multiformats/bases/base36'
import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'
import { parseCid } from '../block/cid.ts'
import { readBase58 } from './base-text.ts'

/** A DNS name, or the multihash of a key. */
export function parseName(text: string): string | Uint8Array {
  // Every DNS name that can have a DNSLink has a dot; no spelling of a key has one.
  if (text.includes('.')) return text.toLowerCase().replace(/\.$/, '')
  return keyOf(text) ?? text.toLowerCase()
}

function keyOf(text: string): Uint8Array | undefined {
  try {
    if (text.startsWith('k')) return CID.parse(text, base36).multihash.bytes
    return /^(?:12D3|16Ui|Qm|1)/.test(text) ? peerId(text) : parseCid(text).multihash.bytes
  } catch {
    return undefined
  }
}

/** The multihash of a public key, in base58 without a prefix. */
function peerId(text: string): Uint8Array {
  const out = new Uint8Array(text.length)
  const length = readBase58(Buffer.from(text), 0, text.length, out)
  return decode(out.subarray(0, Math.max(0, length))).bytes
}
